-- The ledger in a campaign: a hundred thousand rows come into a day's partition before anyone has counted them, and each is written twice.

-- The hub asks and writes through the keys alone, with one plan for good: planned for each batch, the planning of a table of so many partitions costs
-- more than the work, and the planner believes what is not so of a partition that is a minute old.

-- How the deliveries `ids` of a day stand, with the device of each where it is active and whether it concerns `customers[n]` (of none: anyone).
-- `told_at` is when the device was last told of the same order from the day `since` on.
CREATE FUNCTION due_deliveries(day date, since date, ids uuid[], customers text[])
    RETURNS TABLE (place bigint, state text, told_at timestamptz, concerned boolean, id uuid, app text, customer text, platform text,
                   environment text, channel jsonb, locale text, tags text[], expires_at timestamptz, updated_at timestamptz)
    LANGUAGE plpgsql STABLE SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT wanted.place, d.state,
           CASE WHEN d.order_id IS NOT NULL THEN
               (SELECT max(told.settled_at) FROM deliveries AS told
                WHERE told.order_id = d.order_id AND told.installation = d.installation
                  AND told.event_day >= since AND told.state IN ('sent', 'unknown'))
           END,
           wanted.customer IS NULL OR wanted.customer = i.customer OR i.customer IN (SELECT customers_beside(wanted.customer)),
           i.id, i.app, i.customer, i.platform, i.environment, i.channel, i.locale, i.tags, i.expires_at, i.updated_at
    FROM unnest(ids, customers) WITH ORDINALITY AS wanted (id, customer, place)
    -- `OFFSET 0`: one by one, through the key.
    CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE event_day = day AND id = wanted.id OFFSET 0) AS d
    LEFT JOIN LATERAL (SELECT * FROM installations
                       WHERE id = d.installation AND state = 'active' AND (expires_at IS NULL OR expires_at > now()) OFFSET 0) AS i ON true;
END;
$$;

-- Notes outcomes. What is final stays, what is unknown is passed over.
CREATE FUNCTION settle_deliveries(
    day date, ids uuid[], states text[], providers text[], times timestamptz[], answers integer[]
) RETURNS void
    LANGUAGE plpgsql SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan
    SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_material = off AS $$
BEGIN
    -- Each row is looked up, and put over itself: an update that joins would be planned by what is believed of the partition.
    WITH noted AS (
        INSERT INTO deliveries AS d (event_day, id, event_at, installation, platform, order_id, version, wish, campaign,
                                     state, provider, settled_at, attempts)
        SELECT o.event_day, o.id, o.event_at, o.installation, o.platform, o.order_id, o.version, o.wish, o.campaign,
               s.state, s.provider, s.at, s.answer
        FROM unnest(ids, states, providers, times, answers) AS s (id, state, provider, at, answer)
        CROSS JOIN LATERAL (SELECT * FROM deliveries WHERE event_day = day AND id = s.id AND state IN ('queued', 'unknown') OFFSET 0) AS o
        ON CONFLICT (event_day, id) DO UPDATE
        SET state = excluded.state, provider = coalesce(excluded.provider, d.provider), settled_at = excluded.settled_at,
            attempts = d.attempts + excluded.attempts
        WHERE d.state IN ('queued', 'unknown')
        RETURNING d.installation, d.state, d.settled_at)
    UPDATE installations AS i SET told_at = noted.settled_at
    FROM noted
    WHERE noted.state = 'sent' AND i.id = noted.installation
      AND (i.told_at IS NULL OR i.told_at < noted.settled_at - interval '1 hour');
END;
$$;

REVOKE EXECUTE ON FUNCTION due_deliveries(date, date, uuid[], text[]),
    settle_deliveries(date, uuid[], text[], text[], timestamptz[], integer[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_deliveries(date, date, uuid[], text[]),
    settle_deliveries(date, uuid[], text[], text[], timestamptz[], integer[]) TO waybill_notification_hub;

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
