-- Orders: one JSON document each, and every version it went through.

CREATE TABLE orders (
    id           uuid        PRIMARY KEY,
    customer     text        NOT NULL,
    state        text        NOT NULL,
    version      bigint      NOT NULL CHECK (version >= 1),
    fingerprint  text        NOT NULL,
    submitted_at timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    document     jsonb       NOT NULL
);

COMMENT ON TABLE orders IS 'The newest version of every order. Written by order-processor alone.';
COMMENT ON COLUMN orders.customer IS 'account:<id> or guest:<id>';
COMMENT ON COLUMN orders.fingerprint IS 'SHA-256 of what the submission asked';

CREATE INDEX orders_by_customer ON orders (customer, submitted_at DESC, id DESC);
CREATE INDEX orders_by_time ON orders (submitted_at DESC, id DESC);
CREATE INDEX orders_by_state ON orders (state, submitted_at DESC, id DESC);

-- An order in a list: what a reader needs without the whole document.
CREATE VIEW order_summaries AS
SELECT id,
       customer,
       version,
       state,
       document -> 'total' AS total,
       (SELECT coalesce(sum((line ->> 'quantity')::bigint), 0)::bigint
        FROM jsonb_array_elements(document -> 'lines') AS line) AS units,
       submitted_at,
       updated_at
FROM orders;

CREATE TABLE order_history (
    order_id   uuid        NOT NULL REFERENCES orders (id),
    version    bigint      NOT NULL CHECK (version >= 1),
    command_id uuid        NOT NULL,
    state      text        NOT NULL,
    at         timestamptz NOT NULL,
    entry      jsonb       NOT NULL,
    event      jsonb       NOT NULL,
    PRIMARY KEY (order_id, version)
);

COMMENT ON TABLE order_history IS 'One row per version, never changed: who caused it and the event that tells it.';
COMMENT ON COLUMN order_history.command_id IS 'The command that caused it; a submission causes more than one version';

CREATE INDEX order_history_by_command ON order_history (command_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE TRIGGER order_history_only_grows
    BEFORE UPDATE OR DELETE OR TRUNCATE ON order_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
