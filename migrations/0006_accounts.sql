-- Accounts and how their owners sign in. Written by the front doors alone.

CREATE TABLE accounts (
    id         uuid        PRIMARY KEY,
    email      text        NOT NULL,
    email_key  text        NOT NULL,
    password   text        NOT NULL,
    role       text        NOT NULL DEFAULT 'customer' CHECK (role IN ('customer', 'staff')),
    name       text        NOT NULL DEFAULT '',
    locale     text        NOT NULL DEFAULT 'en',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT accounts_email UNIQUE (email_key)
);

COMMENT ON TABLE accounts IS 'Who signed up.';
COMMENT ON COLUMN accounts.email_key IS 'The address in lower case: one account for each';
COMMENT ON COLUMN accounts.password IS 'Argon2id hash with its salt and costs, as a PHC string';

CREATE TABLE account_guests (
    guest    uuid        PRIMARY KEY,
    account  uuid        NOT NULL REFERENCES accounts (id),
    added_at timestamptz NOT NULL
);

COMMENT ON TABLE account_guests IS 'Guests'' scopes that belong to an account: it sees their orders. A scope belongs to one account only, for good.';

CREATE INDEX account_guests_by_account ON account_guests (account);

CREATE TABLE sessions (
    id           uuid        PRIMARY KEY,
    account      uuid        NOT NULL REFERENCES accounts (id),
    device       text        NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ends_at      timestamptz NOT NULL
);

COMMENT ON TABLE sessions IS 'Sign-ins that have not ended. One that ended is no longer here.';
COMMENT ON COLUMN sessions.device IS 'What the app called itself when it signed in (User-Agent)';
COMMENT ON COLUMN sessions.expires_at IS 'Moves on with every use, never beyond ends_at';

CREATE INDEX sessions_by_account ON sessions (account, last_used_at DESC);

CREATE TABLE refresh_tokens (
    hash       bytea       PRIMARY KEY,
    session    uuid        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    used_at    timestamptz
);

COMMENT ON TABLE refresh_tokens IS 'Every token of a session, as SHA-256. One without used_at is the newest; one that is used again ends the session.';

CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session, used_at);

CREATE TABLE addresses (
    id         uuid        PRIMARY KEY,
    account    uuid        NOT NULL REFERENCES accounts (id),
    entry      jsonb       NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

COMMENT ON TABLE addresses IS 'Address books: where an account''s owner has sent things and may again.';

CREATE INDEX addresses_by_account ON addresses (account, created_at);

GRANT SELECT, INSERT, UPDATE ON accounts TO waybill_web_frontend, waybill_rest_api;
GRANT SELECT, INSERT ON account_guests TO waybill_web_frontend, waybill_rest_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON sessions, refresh_tokens, addresses TO waybill_web_frontend, waybill_rest_api;

-- Whose devices hear of a customer's orders: his own, and for a guest's scope that belongs to an account those of the account. Not the other way
-- round: a device that was left behind as a guest's must not hear what the account orders later.
-- Runs as the owner, so that the hub needs no right to read accounts.
CREATE FUNCTION customers_beside(customer text) RETURNS SETOF text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT customer
    UNION ALL
    SELECT 'account:' || account FROM account_guests
    WHERE customer LIKE 'guest:%' AND guest = split_part(customer, ':', 2)::uuid
$$;

REVOKE EXECUTE ON FUNCTION customers_beside(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_beside(text) TO waybill_notification_hub;
