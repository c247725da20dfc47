-- Apps on devices, and what was sent to them.

CREATE TABLE installations (
    id           uuid        PRIMARY KEY,
    app          text        NOT NULL,
    customer     text        NOT NULL,
    platform     text        NOT NULL,
    environment  text        NOT NULL,
    channel      jsonb       NOT NULL,
    channel_hash bytea       NOT NULL,
    locale       text        NOT NULL,
    state        text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'gone')),
    gone_reason  text,
    updated_at   timestamptz NOT NULL,
    UNIQUE (app, channel_hash)
);

COMMENT ON TABLE installations IS 'Written by the front doors; notification-hub sets state to gone.';
COMMENT ON COLUMN installations.channel_hash IS 'SHA-256 of the channel: one device, one row';

CREATE INDEX installations_by_customer ON installations (customer) WHERE state = 'active';

CREATE TABLE deliveries (
    event_day    date        NOT NULL,
    id           uuid        NOT NULL,
    event_at     timestamptz NOT NULL,
    installation uuid        NOT NULL,
    platform     text        NOT NULL,
    order_id     uuid        NOT NULL,
    version      bigint      NOT NULL,
    state        text        NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    provider     text,
    settled_at   timestamptz,
    PRIMARY KEY (event_day, id)
) PARTITION BY RANGE (event_day);

COMMENT ON TABLE deliveries IS 'One row per notification and installation, partitioned by the UTC day of its event.';

CREATE INDEX deliveries_by_order ON deliveries (order_id, installation, version);

-- Makes the partition of a day where it is missing. Runs as the owner, so that the hub needs no right to create tables.
CREATE FUNCTION make_deliveries_day(day date) RETURNS void
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
    EXECUTE format('CREATE TABLE %I (LIKE deliveries INCLUDING ALL)', partition);
    EXECUTE format('ALTER TABLE deliveries ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', partition, day, day + 1);
END;
$$;

-- Makes the partitions from yesterday to three days ahead and drops those of days before `oldest`; gives how many it dropped.
CREATE FUNCTION rotate_deliveries(today date, oldest date) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    partition text;
    dropped integer := 0;
BEGIN
    PERFORM make_deliveries_day(today + ahead) FROM generate_series(-1, 3) AS ahead;
    FOR partition IN
        SELECT child.relname
        FROM pg_inherits
        JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = 'deliveries'::regclass
          AND to_date(right(child.relname, 8), 'YYYYMMDD') < oldest
        ORDER BY child.relname
    LOOP
        EXECUTE format('DROP TABLE %I', partition);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END;
$$;
