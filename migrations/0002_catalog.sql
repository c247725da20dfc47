-- The catalog, and the ledger of its stock. Money is in minor units of its currency.

CREATE TABLE products (
    sku         text   COLLATE "C" PRIMARY KEY,
    version     bigint NOT NULL CHECK (version >= 1),
    name        text   NOT NULL,
    description text   NOT NULL,
    category    text   NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    currency    text   NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    available   bigint NOT NULL CHECK (available >= 0),
    picture     text
);

COMMENT ON TABLE products IS 'What is for sale. Written by order-processor alone.';
COMMENT ON COLUMN products.version IS 'Raised by edits, not by stock';
COMMENT ON COLUMN products.available IS 'Units that can be sold: the sum of the ledger';

CREATE INDEX products_by_category ON products (category, sku);

CREATE TABLE stock_ledger (
    command_id  uuid        NOT NULL,
    sku         text        COLLATE "C" NOT NULL REFERENCES products (sku),
    delta       bigint      NOT NULL,
    order_id    uuid,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (command_id, sku)
);

COMMENT ON TABLE stock_ledger IS 'Every change of stock, never changed: a command counts once.';

CREATE INDEX stock_ledger_by_sku ON stock_ledger (sku);

CREATE TRIGGER stock_ledger_only_grows
    BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE catalog_commands (
    command_id uuid        PRIMARY KEY,
    sku        text        COLLATE "C" NOT NULL,
    at         timestamptz NOT NULL,
    event      jsonb       NOT NULL
);

COMMENT ON TABLE catalog_commands IS 'Handled commands on products, refused ones too, with the event of each.';

CREATE INDEX catalog_commands_by_sku ON catalog_commands (sku, at);

CREATE TRIGGER catalog_commands_only_grows
    BEFORE UPDATE OR DELETE OR TRUNCATE ON catalog_commands
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
