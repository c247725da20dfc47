-- Devices have tags and an end, and the ledger keeps more than pushes about orders.

ALTER TABLE installations
    ADD COLUMN tags       text[] NOT NULL DEFAULT '{}',
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN told_at    timestamptz,
    ADD COLUMN all_tags   text[] NOT NULL GENERATED ALWAYS AS
        (tags || ARRAY[customer, 'platform:' || platform, 'locale:' || locale, 'app:' || app]) STORED;

COMMENT ON COLUMN installations.tags IS 'What the front doors were told to call it, without what the system calls it';
COMMENT ON COLUMN installations.expires_at IS 'When its channel ends unless it is registered again; null where it has no end';
COMMENT ON COLUMN installations.told_at IS 'When a push service last took something for it; written by notification-hub';
COMMENT ON COLUMN installations.all_tags IS 'What expressions are compared with: its tags, its owner, platform, locale and app';

CREATE INDEX installations_by_tag ON installations USING gin (all_tags) WHERE state = 'active';

GRANT UPDATE (told_at) ON installations TO waybill_notification_hub;

-- A push is about an order, a wish or a campaign.
ALTER TABLE deliveries
    ALTER COLUMN order_id DROP NOT NULL,
    ALTER COLUMN version DROP NOT NULL,
    ADD COLUMN wish     uuid,
    ADD COLUMN campaign uuid,
    ADD CONSTRAINT about_one CHECK (num_nonnulls(order_id, wish, campaign) = 1 AND num_nonnulls(order_id, version) IN (0, 2));

CREATE INDEX deliveries_by_campaign ON deliveries (campaign, state) WHERE campaign IS NOT NULL;
