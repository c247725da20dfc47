-- Newer pushes of an order beside a campaign: its rows must not be found by going through all of the day's.

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

REVOKE EXECUTE ON FUNCTION supersede_deliveries(uuid[], date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION supersede_deliveries(uuid[], date) TO waybill_notification_hub;
