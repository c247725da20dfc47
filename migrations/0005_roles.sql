-- One role per service, with the rights it uses and no more. They are made without login: give each a password of its own with
-- ALTER ROLE waybill_rest_api LOGIN PASSWORD '…', or make them before and let this find them. Roles belong to the whole cluster.
-- A table that a later migration makes is closed to all of them until that migration opens it.

DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY[
        'waybill_web_frontend', 'waybill_rest_api', 'waybill_order_processor', 'waybill_notification_hub'
    ] LOOP
        IF to_regrole(service) IS NULL THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I', service);
            EXCEPTION
                -- Another database of the cluster was migrated at the same moment.
                WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;

    -- sqlx's own table; a service checks with it that the schema is as new as itself.
    IF to_regclass('_sqlx_migrations') IS NOT NULL THEN
        GRANT SELECT ON _sqlx_migrations
            TO waybill_web_frontend, waybill_rest_api, waybill_order_processor, waybill_notification_hub;
    END IF;

    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END;
$$;

GRANT USAGE ON SCHEMA public
    TO waybill_web_frontend, waybill_rest_api, waybill_order_processor, waybill_notification_hub;

-- The front doors read; a customer's devices are the REST API's.
GRANT SELECT ON orders, order_summaries, products TO waybill_web_frontend, waybill_rest_api;
GRANT SELECT, INSERT, UPDATE, DELETE ON installations TO waybill_rest_api;

-- The single writer. History and ledgers only grow.
GRANT SELECT, INSERT, UPDATE ON orders, products TO waybill_order_processor;
GRANT SELECT, INSERT ON order_history, stock_ledger, catalog_commands TO waybill_order_processor;

-- The hub writes deliveries and marks devices as gone. It drops old days through a function that runs as its owner.
GRANT SELECT, INSERT, UPDATE ON deliveries TO waybill_notification_hub;
GRANT SELECT, UPDATE (state, gone_reason) ON installations TO waybill_notification_hub;
REVOKE EXECUTE ON FUNCTION make_deliveries_day(date), rotate_deliveries(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION make_deliveries_day(date), rotate_deliveries(date, date) TO waybill_notification_hub;

GRANT SELECT, INSERT, UPDATE, DELETE ON attempts TO waybill_order_processor, waybill_notification_hub;
