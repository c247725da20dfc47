-- Accounts of people who sign in elsewhere: with an issuer of OpenID Connect tokens that the operator named.

ALTER TABLE accounts
    ALTER COLUMN email DROP NOT NULL,
    ALTER COLUMN email_key DROP NOT NULL,
    ALTER COLUMN password DROP NOT NULL,
    ADD CONSTRAINT accounts_sign_in CHECK ((email_key IS NULL) = (email IS NULL) AND (password IS NULL OR email IS NOT NULL));

COMMENT ON COLUMN accounts.email_key IS 'The address in lower case: one account for each; none of people who sign in elsewhere';

CREATE TABLE account_identities (
    issuer     text        NOT NULL,
    subject    text        NOT NULL,
    account    uuid        NOT NULL REFERENCES accounts (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (issuer, subject)
);

COMMENT ON TABLE account_identities IS 'Who an issuer''s subject is. Made at first sight, never changed.';

CREATE INDEX account_identities_by_account ON account_identities (account);

GRANT SELECT, INSERT ON account_identities TO waybill_web_frontend, waybill_rest_api;
