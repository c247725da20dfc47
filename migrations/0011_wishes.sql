-- What customers want to hear of.

CREATE TABLE wishes (
    id         uuid        PRIMARY KEY,
    customer   text        NOT NULL,
    topic      text        NOT NULL,
    condition  text,
    created_at timestamptz NOT NULL
);

COMMENT ON TABLE wishes IS 'Written by the front doors, read by notification-hub at each event.';
COMMENT ON COLUMN wishes.topic IS 'A type of events without its version: catalog.restocked';
COMMENT ON COLUMN wishes.condition IS 'SQL-92 on the properties of its events, as it was written; all of them where there is none';

CREATE INDEX wishes_by_customer ON wishes (customer, created_at DESC, id DESC);

CREATE TABLE wish_keys (
    key  bigint NOT NULL,
    wish uuid   NOT NULL REFERENCES wishes (id) ON DELETE CASCADE,
    PRIMARY KEY (key, wish)
);

COMMENT ON TABLE wish_keys IS 'What wishes are filed under: hashes of topic, property and value, of which an event that fits has one. Wishes on orders have none.';

CREATE INDEX wish_keys_by_wish ON wish_keys (wish);

GRANT SELECT, INSERT, DELETE ON wishes TO waybill_rest_api;
GRANT INSERT ON wish_keys TO waybill_rest_api;
GRANT SELECT ON wishes, wish_keys TO waybill_notification_hub;

-- With the mark of an erased customer his wishes go, in the same transaction: whoever marks him need not know of them.
CREATE FUNCTION forget_wishes() RETURNS trigger
    LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM wishes WHERE customer = NEW.customer;
    RETURN NULL;
END;
$$;

CREATE TRIGGER erased_customers_forget_wishes AFTER INSERT ON erased_customers
    FOR EACH ROW EXECUTE FUNCTION forget_wishes();
