-- Campaigns: one text to every device that a tag expression fits. And what the hub knows of the push services.

CREATE TABLE campaigns (
    id          uuid        PRIMARY KEY,
    expression  text        NOT NULL,
    devices     uuid[],
    title       text        NOT NULL,
    body        text        NOT NULL,
    texts       jsonb       NOT NULL DEFAULT '{}',
    data        jsonb       NOT NULL DEFAULT '{}',
    urgent      boolean     NOT NULL,
    silent      boolean     NOT NULL,
    rate        integer     CHECK (rate > 0),
    created_by  text        NOT NULL,
    created_at  timestamptz NOT NULL,
    send_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL CHECK (expires_at > send_at),
    state       text        NOT NULL DEFAULT 'scheduled' CHECK (state IN ('scheduled', 'running', 'done', 'cancelled', 'failed')),
    cursor      uuid,
    queued      jsonb       NOT NULL DEFAULT '{}',
    left_out    bigint      NOT NULL DEFAULT 0,
    started_at  timestamptz,
    finished_at timestamptz,
    why         text
);

COMMENT ON TABLE campaigns IS 'Made and cancelled by the operator; notification-hub writes how far each is.';
COMMENT ON COLUMN campaigns.devices IS 'The devices of a test send; null for all that the expression fits';
COMMENT ON COLUMN campaigns.texts IS 'By language tag: {"de": {"title": "…", "body": "…"}}';
COMMENT ON COLUMN campaigns.rate IS 'Devices a second; null for as fast as it goes';
COMMENT ON COLUMN campaigns.cursor IS 'The last installation whose push was queued';
COMMENT ON COLUMN campaigns.queued IS 'Pushes queued, by platform';
COMMENT ON COLUMN campaigns.left_out IS 'Devices that the expression fits and that get nothing: no credentials for their platform, or their customer wants no news';

CREATE INDEX campaigns_by_time ON campaigns (created_at DESC, id);

CREATE TABLE push_platforms (
    platform         text        PRIMARY KEY,
    barred_since     timestamptz,
    why              text,
    removals_stopped timestamptz,
    at               timestamptz NOT NULL
);

COMMENT ON TABLE push_platforms IS 'Written by notification-hub when it changes, for the operator. With several replicas the last change counts.';
COMMENT ON COLUMN push_platforms.barred_since IS 'Since when the push service refuses us';
COMMENT ON COLUMN push_platforms.removals_stopped IS 'Since when no device is removed, because too many are said to be gone';

GRANT SELECT ON campaigns TO waybill_notification_hub;
GRANT UPDATE (state, cursor, queued, left_out, started_at, finished_at, why) ON campaigns TO waybill_notification_hub;
GRANT SELECT, INSERT, UPDATE ON push_platforms TO waybill_notification_hub;
