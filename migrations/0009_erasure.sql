-- Accounts that were erased, and the one way to erase one.

CREATE TABLE erased_customers (
    customer  text        PRIMARY KEY,
    account   uuid        NOT NULL,
    erased_at timestamptz NOT NULL,
    request   text,
    done_at   timestamptz
);

COMMENT ON TABLE erased_customers IS 'Customers whose personal data is gone or goes: what comes of theirs later is stripped. Rows stay.';
COMMENT ON COLUMN erased_customers.customer IS 'account:<id>, or guest:<id> of a scope that belonged to the account';
COMMENT ON COLUMN erased_customers.request IS 'SHA-256 of the Idempotency-Key it was asked for under; none where the shop erased it';
COMMENT ON COLUMN erased_customers.done_at IS 'When every order that was at its end had lost its personal data; one under way loses it with its last transition';

CREATE INDEX erased_customers_to_do ON erased_customers (erased_at, customer) WHERE done_at IS NULL;

-- Erases an account whose password has still the hash `proof` (any, where none is given): everything that its owner said of himself goes, the
-- marks stay. Gives the sessions that ended; nothing where there is no such account.
-- Runs as the owner, so that the front doors need no right to delete accounts.
CREATE FUNCTION erase_account(whom uuid, proof text, under text, moment timestamptz) RETURNS uuid[]
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    customers text[];
    ended uuid[];
BEGIN
    -- Who is adding a session, an address or a scope is waited for; who comes later finds no account.
    PERFORM FROM accounts WHERE id = whom AND (proof IS NULL OR password = proof) FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(own.customer ORDER BY own.customer) INTO customers FROM (
        SELECT 'account:' || whom AS customer
        UNION ALL
        SELECT 'guest:' || guest FROM account_guests WHERE account = whom
    ) AS own;
    -- Who is registering a device of theirs is waited for; who comes later finds the mark.
    PERFORM pg_advisory_xact_lock(9, key)
        FROM (SELECT DISTINCT hashtext(own) AS key FROM unnest(customers) AS own ORDER BY key) AS keys;
    INSERT INTO erased_customers (customer, account, erased_at, request)
        SELECT own, whom, moment, under FROM unnest(customers) AS own
        ON CONFLICT (customer) DO NOTHING;
    WITH gone AS (DELETE FROM sessions WHERE account = whom RETURNING id)
        SELECT coalesce(array_agg(id), '{}') INTO ended FROM gone;
    DELETE FROM addresses WHERE account = whom;
    DELETE FROM account_identities WHERE account = whom;
    DELETE FROM account_guests WHERE account = whom;
    DELETE FROM installations WHERE customer = ANY (customers);
    DELETE FROM accounts WHERE id = whom;
    RETURN ended;
END;
$$;

REVOKE EXECUTE ON FUNCTION erase_account(uuid, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_account(uuid, text, text, timestamptz) TO waybill_web_frontend, waybill_rest_api;

GRANT SELECT ON erased_customers TO waybill_web_frontend, waybill_rest_api, waybill_order_processor;
GRANT UPDATE (done_at) ON erased_customers TO waybill_order_processor;
