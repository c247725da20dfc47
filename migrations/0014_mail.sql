-- What a customer wants to be told by which way, and whom the hub writes to.

CREATE TABLE preferences (
    customer     text        PRIMARY KEY,
    orders_push  boolean     NOT NULL,
    orders_email boolean     NOT NULL,
    wishes_push  boolean     NOT NULL,
    wishes_email boolean     NOT NULL,
    news_push    boolean     NOT NULL,
    news_email   boolean     NOT NULL,
    locale       text,
    updated_at   timestamptz NOT NULL
);

COMMENT ON TABLE preferences IS 'What a customer wants to be told by which way. Written by the front doors; who has no row has said nothing.';
COMMENT ON COLUMN preferences.customer IS 'account:<id> or guest:<id>';
COMMENT ON COLUMN preferences.locale IS 'BCP 47 language tag of all texts; none leaves it to the account or the device';

-- Where a customer is erased, by whatever statement, his preferences go with him.
CREATE FUNCTION forget_preferences() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM preferences WHERE customer = NEW.customer;
    RETURN NULL;
END;
$$;

REVOKE EXECUTE ON FUNCTION forget_preferences() FROM PUBLIC;

CREATE TRIGGER erased_customers_have_no_preferences
    AFTER INSERT ON erased_customers
    FOR EACH ROW EXECUTE FUNCTION forget_preferences();

-- Whom to write to about an order: its contact's address, and the account's language where there is one. No row where the order is not stored
-- yet; an address of none where its customer was erased.
-- Runs as the owner, so that the hub needs no right to read orders and accounts.
CREATE FUNCTION mail_of_order(which uuid) RETURNS TABLE (email text, locale text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE
               WHEN orders.document ->> 'erased_at' IS NULL AND NOT EXISTS (SELECT FROM erased_customers AS e WHERE e.customer = orders.customer)
               THEN orders.document -> 'contact' ->> 'email'
           END,
           (SELECT a.locale FROM accounts AS a
            JOIN (SELECT split_part(own, ':', 2)::uuid AS id
                  FROM customers_beside(orders.customer) AS own WHERE own LIKE 'account:%') AS his ON his.id = a.id
            LIMIT 1)
    FROM orders WHERE orders.id = which
$$;

-- Whom to write to where it is not about an order: an account's address and language. No row for a guest, who has told neither.
CREATE FUNCTION mail_of_customer(who text) RETURNS TABLE (email text, locale text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT a.email, a.locale FROM accounts AS a
    JOIN (SELECT split_part(own, ':', 2)::uuid AS id
          FROM customers_beside(who) AS own WHERE own LIKE 'account:%') AS his ON his.id = a.id
    LIMIT 1
$$;

REVOKE EXECUTE ON FUNCTION mail_of_order(uuid), mail_of_customer(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mail_of_order(uuid), mail_of_customer(text) TO waybill_notification_hub;

GRANT SELECT, INSERT, UPDATE ON preferences TO waybill_web_frontend, waybill_rest_api;
GRANT SELECT ON preferences TO waybill_notification_hub;
