-- What pushes say, where the shop wants other words than the built-in ones. '*' stands for any.

CREATE TABLE push_templates (
    app        text        NOT NULL,
    event      text        NOT NULL,
    platform   text        NOT NULL,
    locale     text        NOT NULL,
    title      text        NOT NULL,
    body       text        NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (event, app, platform, locale)
);

COMMENT ON TABLE push_templates IS 'Written by the operator, read by notification-hub';

GRANT SELECT ON push_templates TO waybill_notification_hub;
