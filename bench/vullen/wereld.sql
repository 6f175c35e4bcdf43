-- How days, places and kinds are dealt out (loaded by wereld.py): scaffolding in a schema of its own.
-- $seed; $first_day, $last_day: of the years, $days in all; $last: how many meldingen.

-- tabel vullen
CREATE SCHEMA vullen;
CREATE FUNCTION vullen.r(n bigint, k bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
'SELECT (hashint8extended(n, k + $seed * 1000) & 1073741823) / 1073741824.0::double precision';
CREATE TABLE vullen.dag AS
WITH days AS (
    SELECT day::date, row_number() OVER (ORDER BY day) AS nth,
           CASE WHEN vullen.r(row_number() OVER (ORDER BY day), 1) < 0.008 THEN row_number() OVER (ORDER BY day) END
               AS storm
    FROM generate_series(date '$first_day', date '$last_day', interval '1 day') day
), weighed AS (
    SELECT *, (0.8 + 0.4 * nth / $days) * (1 + 0.25 * cos(2 * pi() * (extract(doy FROM day) - 190) / 365))
        * CASE WHEN extract(isodow FROM day) > 5 THEN 0.45 ELSE 1 END
        * CASE WHEN storm IS NULL THEN 1 ELSE 6 END AS weight
    FROM days
), summed AS (
    SELECT *, sum(weight) OVER (ORDER BY day) / sum(weight) OVER () AS until FROM weighed
)
SELECT day, storm, 1 + floor($last * coalesce(lag(until) OVER (ORDER BY day), 0))::bigint AS first,
       CASE WHEN nth = $days THEN $last ELSE floor($last * until)::bigint END AS last
FROM summed;
CREATE TABLE vullen.plaats AS
WITH weighed AS (
    SELECT g.id, g.name, g.code, ST_XMin(g.border) AS west, ST_YMin(g.border) AS south,
           1.0 / (2 + row_number() OVER (ORDER BY g.id)) AS weight FROM gemeente g
), summed AS (
    SELECT *, sum(weight) OVER (ORDER BY id) / sum(weight) OVER () AS until,
           (sum(weight) OVER (ORDER BY id) - weight) / sum(weight) OVER () AS since FROM weighed
)
SELECT slot, id AS gemeente_id, name, code, west, south
FROM summed, generate_series(0, 999) slot WHERE slot >= since * 1000 AND slot < until * 1000;
CREATE TABLE vullen.soort AS
WITH kinds AS (
    SELECT c.*, row_number() OVER (PARTITION BY c.gemeente_id ORDER BY c.slug = ANY ('{$storm_kinds}') DESC,
                                   vullen.r(hashtext(c.slug), 2)) AS nth
    FROM category c WHERE parent_id IS NOT NULL
), weighed AS (SELECT *, 1.0 / (6 + nth) AS weight FROM kinds), summed AS (
    SELECT *, sum(weight) OVER (PARTITION BY gemeente_id ORDER BY nth) / sum(weight) OVER (PARTITION BY gemeente_id)
                  AS until,
           (sum(weight) OVER (PARTITION BY gemeente_id ORDER BY nth) - weight) / sum(weight) OVER
               (PARTITION BY gemeente_id) AS since FROM weighed
)
SELECT slot, gemeente_id, id AS category_id, name, phrase, term_days, urgency, team_kind, public
FROM summed, generate_series(0, 499) slot WHERE slot >= since * 500 AND slot < until * 500;
CREATE TABLE vullen.ploeg AS
SELECT DISTINCT ON (c.gemeente_id, c.team_kind, quarter) c.gemeente_id, c.team_kind, quarter, t.id AS team_id
FROM (SELECT DISTINCT gemeente_id, team_kind FROM category) c CROSS JOIN generate_series(0, 3) quarter
JOIN team t ON t.gemeente_id = c.gemeente_id AND (t.kind = c.team_kind OR t.vangnet)
ORDER BY 1, 2, 3, t.vangnet, t.slug <> c.team_kind || '-' || quarter, t.id;
CREATE TABLE vullen.naam AS
SELECT slot, '{$streets}'::text[] AS streets, '{$endings}'::text[] AS endings FROM generate_series(0, 0) slot;
