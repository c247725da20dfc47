-- An order's push beside a campaign: what it needs is found through keys, and for all events of a batch at once.

-- As customers_beside, for each of `customers`.
CREATE FUNCTION customers_beside_each(customers text[]) RETURNS TABLE (about text, customer text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT about, about FROM unnest(customers) AS about
    UNION ALL
    SELECT about, 'account:' || g.account
    FROM unnest(customers) AS about
    -- `OFFSET 0`: one by one, through the key.
    CROSS JOIN LATERAL (SELECT account FROM account_guests WHERE guest = split_part(about, ':', 2)::uuid OFFSET 0) AS g
    WHERE about LIKE 'guest:%'
$$;

-- Marks what is queued about an older version of these orders, from the day `since` on, where the same device has a newer one. Asks through the keys
-- alone, with one plan for good: see due_deliveries.
CREATE FUNCTION supersede_deliveries(orders uuid[], since date) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off AS $$
DECLARE
    old record;
BEGIN
    FOR old IN
        SELECT older.event_day, older.id
        FROM (SELECT DISTINCT unnest(orders)) AS told (id)
        CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE order_id = told.id AND event_day >= since AND state = 'queued' OFFSET 0) AS older
        WHERE EXISTS (SELECT FROM deliveries AS newer
                      WHERE newer.order_id = told.id AND newer.installation = older.installation
                        AND newer.version > older.version AND newer.event_day >= since)
    LOOP
        UPDATE deliveries SET state = 'superseded' WHERE event_day = old.event_day AND id = old.id AND state = 'queued';
    END LOOP;
END;
$$;

REVOKE EXECUTE ON FUNCTION customers_beside_each(text[]), supersede_deliveries(uuid[], date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION customers_beside_each(text[]), supersede_deliveries(uuid[], date) TO waybill_notification_hub;
