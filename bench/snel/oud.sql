-- Older meldingen of the served gemeente, closed long ago: so that indexes and statistics are those of a town in use.
INSERT INTO melding (gemeente_id, number, status, description, location, location_source, category_id, intake_channel,
                     received_at, first_promised_on, promised_on, term_days, closed_at)
SELECT home.id, lpad((2500000000 + n)::text, 10, '0'), 'afgehandeld', 'Oude melding nummer ' || n,
       ST_SetSRID(ST_MakePoint(4.62 + (n * 7919 % 10000) / 100000.0, 52.60 + (n * 104729 % 10000) / 100000.0), 4326),
       'pin', chosen.ids[1 + n % cardinality(chosen.ids)], 'app',
       now() - make_interval(hours => n), current_date - n / 24, current_date - n / 24, 5, now()
FROM generate_series(1, :aantal) AS n
CROSS JOIN (SELECT id FROM gemeente WHERE served ORDER BY id LIMIT 1) AS home
CROSS JOIN LATERAL (
    SELECT array_agg(id ORDER BY id) AS ids FROM category WHERE gemeente_id = home.id AND parent_id IS NOT NULL
) AS chosen
