-- Rows made by arithmetic, so that they are the same each time. The setting shop.scale multiplies them (1: 20 customers).
INSERT INTO customer (id, name, email, created_at)
SELECT n, 'Customer ' || n, 'customer' || n || '@example.com', '2024-01-01Z'::timestamptz + n * interval '1 hour'
FROM generate_series(1, 20 * current_setting('shop.scale')::integer) AS n;

INSERT INTO product (id, name, category, price, tags, hidden)
SELECT n,
	(ARRAY['Red', 'Green', 'Blue', 'Plain', 'Fine'])[n % 5 + 1] || ' ' || (ARRAY['kite', 'lamp', 'chair', 'kettle'])[n % 4 + 1] || ' ' || n,
	(ARRAY['outdoor', 'light', 'home', 'kitchen'])[n % 4 + 1],
	(n * 37 % 9000 + 99) / 100.0,
	jsonb_build_array('tag' || n % 7, 'tag' || n % 11),
	n % 10 = 0
FROM generate_series(1, 40 * current_setting('shop.scale')::integer) AS n;

INSERT INTO purchase (id, customer_id, status, placed_at)
SELECT n, n * 7 % (20 * current_setting('shop.scale')::integer) + 1, (ARRAY['open', 'paid', 'sent'])[n % 3 + 1],
	'2024-06-01Z'::timestamptz + n * interval '7 minutes'
FROM generate_series(1, 60 * current_setting('shop.scale')::integer) AS n;

INSERT INTO purchase_item (purchase_id, product_id, quantity)
SELECT p, (p * 13 + i * 5) % (40 * current_setting('shop.scale')::integer) + 1, (p + i) % 4 + 1
FROM generate_series(1, 60 * current_setting('shop.scale')::integer) AS p, generate_series(1, 3) AS i
ON CONFLICT DO NOTHING;

INSERT INTO review (id, product_id, customer_id, stars, body)
SELECT n, n * 3 % (40 * current_setting('shop.scale')::integer) + 1, n * 11 % (20 * current_setting('shop.scale')::integer) + 1, n % 5 + 1,
	CASE WHEN n % 4 = 0 THEN NULL ELSE 'Review ' || n || ': "as described"' END
FROM generate_series(1, 80 * current_setting('shop.scale')::integer) AS n;

SELECT setval(pg_get_serial_sequence('purchase', 'id'), max(id)) FROM purchase;
SELECT setval(pg_get_serial_sequence('review', 'id'), max(id)) FROM review;
ANALYZE;
