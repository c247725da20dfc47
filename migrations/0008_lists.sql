-- What lists can be asked for: products by words, orders by when they changed.

-- Words as they are written beside their English stems, so that `cups` finds a cup and `sench` finds sencha in whatever language the shop
-- writes. Punctuation parts words, in what is stored as in what is asked: `dark-72` is `dark` and `72`, not a number below zero.
CREATE FUNCTION product_words(name text, category text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT setweight(to_tsvector('pg_catalog.simple', part.name) || to_tsvector('pg_catalog.english', part.name), 'A')
        || setweight(to_tsvector('pg_catalog.simple', part.category) || to_tsvector('pg_catalog.english', part.category), 'B')
        || setweight(to_tsvector('pg_catalog.simple', part.description) || to_tsvector('pg_catalog.english', part.description), 'C')
    FROM (
        SELECT translate(name, marks, repeat(' ', 32)) AS name,
               translate(category, marks, repeat(' ', 32)) AS category,
               translate(description, marks, repeat(' ', 32)) AS description
        FROM (SELECT '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~' AS marks) AS known
    ) AS part
$$;

ALTER TABLE products
    ADD COLUMN words tsvector NOT NULL GENERATED ALWAYS AS (product_words(name, category, description)) STORED;

COMMENT ON COLUMN products.words IS 'What a search finds it by: its name before its category before its description';

CREATE INDEX products_by_words ON products USING gin (words);

-- An order's change stands in the index that the list goes through: what has not changed is passed over without a look at its row.
-- It takes the place of the index without it, so no write has more to do.
CREATE INDEX orders_by_customer_and_change ON orders (customer, submitted_at DESC, id DESC, updated_at);
DROP INDEX orders_by_customer;
