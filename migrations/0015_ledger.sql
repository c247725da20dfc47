-- The ledger in a campaign: a hundred thousand rows come into a day's partition before anyone has counted them, and each is written twice.

-- Row by row through the key, whatever the planner believes of a partition that is a minute old. Gives nothing: what is final stays, what is unknown is passed over.
CREATE FUNCTION settle_deliveries(
    day date, ids uuid[], states text[], providers text[], times timestamptz[], answers integer[]
) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    device uuid;
BEGIN
    FOR n IN 1 .. cardinality(ids) LOOP
        UPDATE deliveries
        SET state = states[n], provider = coalesce(providers[n], provider), settled_at = times[n], attempts = attempts + answers[n]
        WHERE event_day = day AND id = ids[n] AND state IN ('queued', 'unknown')
        RETURNING installation INTO device;
        IF FOUND AND states[n] = 'sent' THEN
            UPDATE installations SET told_at = times[n]
            WHERE id = device AND (told_at IS NULL OR told_at < times[n] - interval '1 hour');
        END IF;
    END LOOP;
END;
$$;

REVOKE EXECUTE ON FUNCTION settle_deliveries(date, uuid[], text[], text[], timestamptz[], integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION settle_deliveries(date, uuid[], text[], text[], timestamptz[], integer[]) TO waybill_notification_hub;

-- A state that changes touches no index, and finds room on its page.
DROP INDEX deliveries_by_campaign;
CREATE INDEX deliveries_by_campaign ON deliveries (campaign) WHERE campaign IS NOT NULL;

ALTER TABLE installations SET (fillfactor = 80);

-- As before, with room on each page.
CREATE OR REPLACE FUNCTION make_deliveries_day(day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    partition text := 'deliveries_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    -- One at a time; what another made meanwhile is seen after a lock on a table, not after an advisory one.
    LOCK TABLE deliveries IN SHARE UPDATE EXCLUSIVE MODE;
    IF to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    -- Attaching a filled-in table locks the parent less than creating a partition of it.
    EXECUTE format('CREATE TABLE %I (LIKE deliveries INCLUDING ALL) WITH (fillfactor = 60)', partition);
    EXECUTE format('ALTER TABLE deliveries ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, day, day + 1);
END;
$$;
