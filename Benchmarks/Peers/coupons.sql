-- What coupond does with one code, as PostgreSQL functions: the same checks in the same order on the
-- same cart, the same counters, the same promise that an order is applied once. It is a peer in
-- `coupon-bench compare`, which runs this file and proves before measuring that the functions give
-- the answers that coupond gives.
--
-- Settings of the server: only a Unix socket (`listen_addresses = ''`), `fsync = on`,
-- `shared_buffers = 256MB`, `max_wal_size = 4GB` and `checkpoint_timeout = 1h` so that no checkpoint
-- falls into a measurement, `max_connections = 300`. `synchronous_commit` is set by each connection:
-- off (what a crash may lose is at most three times `wal_writer_delay`, 0.6 s), or on. All else is
-- the default. Every connection prepares its statement once.
--
-- Calls:  validate_coupon(code, customer, moment, cart), cart as jsonb with `lines`
--         apply_coupon(code, customer, order, moment, cart)
-- Answer: accepted, discount, reason; for an order that was applied to something else an error
--         (SQLSTATE CP409).

-- Room for a new version of a row beside the old one: then no index has to be changed.
CREATE TABLE coupons (
    code text PRIMARY KEY,
    percent integer NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    total_limit bigint NOT NULL,
    used bigint NOT NULL,
    customer_limit bigint NOT NULL,
    categories text[] NOT NULL,
    minimum_subtotal bigint NOT NULL
) WITH (fillfactor = 20);

CREATE TABLE customer_uses (
    code text,
    customer text,
    used bigint NOT NULL,
    PRIMARY KEY (code, customer)
) WITH (fillfactor = 80);

CREATE TABLE orders (
    id text PRIMARY KEY,
    code text NOT NULL,
    customer text NOT NULL,
    cart jsonb NOT NULL,
    discount bigint NOT NULL
);

CREATE FUNCTION validate_coupon(
    asked_code text, asked_customer text, moment timestamptz, cart jsonb,
    OUT accepted boolean, OUT discount bigint, OUT reason text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    coupon coupons;
    customer_used bigint;
    line jsonb;
    line_value bigint;
    subtotal bigint := 0;
    covered bigint := 0;
    covers_any boolean := false;
BEGIN
    accepted := false;
    discount := 0;
    SELECT * INTO coupon FROM coupons WHERE code = asked_code;
    IF NOT FOUND THEN reason := 'code_unknown'; RETURN; END IF;
    IF moment < coupon.starts_at THEN reason := 'not_started'; RETURN; END IF;
    IF moment >= coupon.ends_at THEN reason := 'expired'; RETURN; END IF;
    IF coupon.used >= coupon.total_limit THEN reason := 'usage_limit_reached'; RETURN; END IF;

    SELECT used INTO customer_used FROM customer_uses
        WHERE code = asked_code AND customer = asked_customer;
    IF customer_used >= coupon.customer_limit THEN
        reason := 'customer_limit_reached';
        RETURN;
    END IF;

    -- A loop takes three fifths of the time of one SELECT over jsonb_to_recordset.
    FOR line IN SELECT * FROM jsonb_array_elements(cart -> 'lines') LOOP
        line_value := (line ->> 'quantity')::bigint * (line ->> 'unit_price')::bigint;
        subtotal := subtotal + line_value;
        IF line -> 'category' ?| coupon.categories THEN
            covered := covered + line_value;
            covers_any := true;
        END IF;
    END LOOP;
    IF NOT covers_any THEN reason := 'no_eligible_items'; RETURN; END IF;
    IF subtotal < coupon.minimum_subtotal THEN reason := 'below_minimum_amount'; RETURN; END IF;

    discount := (covered * coupon.percent + 50) / 100;
    IF discount = 0 THEN reason := 'no_effect'; RETURN; END IF;
    accepted := true;
END $$;

CREATE FUNCTION apply_coupon(
    asked_code text, asked_customer text, asked_order text, moment timestamptz, asked_cart jsonb,
    OUT accepted boolean, OUT discount bigint, OUT reason text
) LANGUAGE plpgsql AS $$
DECLARE
    known orders;
    counted bigint;
BEGIN
    SELECT * INTO known FROM orders WHERE id = asked_order;
    IF FOUND THEN
        IF known.code <> asked_code OR known.customer <> asked_customer
            OR known.cart <> asked_cart
        THEN
            RAISE EXCEPTION 'the order was applied to something else' USING ERRCODE = 'CP409';
        END IF;
        accepted := true;
        discount := known.discount;
        RETURN;
    END IF;

    SELECT * INTO accepted, discount, reason
        FROM validate_coupon(asked_code, asked_customer, moment, asked_cart);
    IF NOT accepted THEN RETURN; END IF;

    -- Another connection may apply the same order at this moment: it is the one that inserted it.
    INSERT INTO orders VALUES (asked_order, asked_code, asked_customer, asked_cart, discount)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the order is being applied: ask again' USING ERRCODE = '40001';
    END IF;

    -- What was judged above may have been used up since; the conditions here are what keeps a limit.
    -- The coupon's row comes last: all others wait for it until this transaction ends.
    INSERT INTO customer_uses AS uses VALUES (asked_code, asked_customer, 1)
        ON CONFLICT (code, customer) DO UPDATE SET used = uses.used + 1
        WHERE uses.used < (SELECT customer_limit FROM coupons WHERE code = asked_code)
        RETURNING used INTO counted;
    IF NOT FOUND THEN
        DELETE FROM orders WHERE id = asked_order;
        accepted := false;
        discount := 0;
        reason := 'customer_limit_reached';
        RETURN;
    END IF;
    UPDATE coupons SET used = used + 1 WHERE code = asked_code AND used < total_limit
        RETURNING used INTO counted;
    IF NOT FOUND THEN
        UPDATE customer_uses SET used = used - 1
            WHERE code = asked_code AND customer = asked_customer;
        DELETE FROM orders WHERE id = asked_order;
        accepted := false;
        discount := 0;
        reason := 'usage_limit_reached';
    END IF;
END $$;
