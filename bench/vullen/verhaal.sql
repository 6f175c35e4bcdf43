-- The story of every melding, and what each table remembers of it (loaded by verhaal.py).
--
-- $last: how many meldingen. $now: the end of the years. vullen.r(n, k): a number of 0 up to 1 that belongs to n and k.

-- tabel vullen.verhaal
CREATE UNLOGGED TABLE vullen.verhaal AS
WITH dealt AS (
    SELECT n, day, storm, first, last - first + 1 AS many,
           CASE WHEN vullen.r(n, 1) < 0.18 AND n > first
    THEN greatest(first, n - 1 - floor(40 * vullen.r(n, 2) ^ 2)::bigint) ELSE n END AS like_n
    FROM vullen.dag, generate_series(first, last) n OFFSET 0
), joined AS (
    SELECT n, day, storm, first, many,
           CASE WHEN vullen.r(like_n, 1) < 0.18 AND like_n > first THEN n ELSE like_n END AS first_n
    FROM dealt OFFSET 0
), placed AS (
    SELECT n, first_n, day, p.gemeente_id, p.name AS town, p.code, p.west, p.south,
           CASE WHEN storm IS NOT NULL AND vullen.r(first_n, 5) < 0.7 THEN floor(vullen.r(first_n, 4) * 60)::int
    ELSE floor(vullen.r(first_n, 4) * 500)::int END AS kind_slot,
           day + interval '6 hours' + interval '16 hours' * (n - first + vullen.r(n, 3)) / many AS at,
           day + interval '6 hours' + interval '16 hours' * (first_n - first + vullen.r(first_n, 3)) / many AS first_at,
           vullen.r(first_n, 6) < 0.6 AS in_centre,
           p.gemeente_id * 100 + floor(vullen.r(first_n, 7) ^ 1.5 * 12)::bigint AS centre
    FROM joined
    JOIN vullen.plaats p ON p.slot = CASE WHEN storm IS NOT NULL AND vullen.r(first_n, 5) < 0.7
        THEN (storm * 37 + floor(vullen.r(first_n, 8) * 40)::int) % 1000 ELSE floor(vullen.r(first_n, 8) * 1000) END
    OFFSET 0
), spotted AS (
    SELECT *,
           CASE WHEN in_centre THEN 0.1 + 0.8 * vullen.r(centre, 9)
    + 0.05 * (vullen.r(first_n, 11) + vullen.r(first_n, 12) - 1) ELSE vullen.r(first_n, 11) END AS x,
           CASE WHEN in_centre THEN 0.1 + 0.8 * vullen.r(centre, 10)
    + 0.05 * (vullen.r(first_n, 13) + vullen.r(first_n, 14) - 1) ELSE vullen.r(first_n, 13) END AS y,
           ($last - first_n) / $last::double precision AS age
    FROM placed OFFSET 0
), decided AS (
    SELECT s.*, k.category_id, k.name AS kind, k.urgency, k.term_days, k.team_kind, t.team_id,
           vullen.r(first_n, 15) < CASE WHEN age < 0.012 THEN 0.8 WHEN age < 0.04 THEN 0.3 ELSE 0.0014 END AS open,
           n = first_n AND vullen.r(n, 16) < 0.01 AS alone_withdrawn,
           day + interval '1 day' AS tomorrow,
           interval '1 day' * (0.02 + 1.05 * vullen.r(first_n, 17) ^ 1.3) * ceil(k.term_days * 1.4) AS took,
           CASE WHEN vullen.r(n, 18) < 0.75 THEN floor(vullen.r(n, 19) * $last * 0.6)::bigint END AS person
    FROM spotted s
    JOIN vullen.soort k ON k.gemeente_id = s.gemeente_id AND k.slot = s.kind_slot
    JOIN vullen.ploeg t ON t.gemeente_id = s.gemeente_id AND t.team_kind = k.team_kind
         AND t.quarter = floor(s.x * 2)::int + 2 * floor(s.y * 2)::int
    OFFSET 0
)
SELECT n, first_n, gemeente_id, town, category_id, kind, urgency, term_days, team_id, at, first_at, person, open,
       west + 0.18 * x AS lon, south + 0.11 * y AS lat,
       'WK' || substr(code, 3) || lpad((floor(x * 4)::int + 4 * floor(y * 4)::int)::text, 2, '0') AS wijk,
       CASE WHEN open THEN NULL ELSE least(tomorrow + took, $now - interval '1 hour' * vullen.r(first_n, 20)) END
           AS closed_at,
       NOT open AND alone_withdrawn AS withdrawn,
       CASE WHEN open AND vullen.r(first_n, 21) < 0.35 THEN NULL 
    ELSE least(tomorrow + took * 0.2, $now) END AS taken_at,
       CASE WHEN NOT open THEN 'gereed' WHEN vullen.r(first_n, 21) < 0.35 THEN 'nieuw'
WHEN vullen.r(first_n, 21) < 0.8 THEN 'opgepakt' WHEN vullen.r(first_n, 21) < 0.9 THEN 'ingepland'
WHEN vullen.r(first_n, 21) < 0.95 THEN 'wacht_op_melder' ELSE 'bij_partij' END AS work,
       NOT open AND NOT alone_withdrawn AND n = first_n AND vullen.r(n, 22) < 0.015
           AND tomorrow + took + interval '10 days' < $now AS reopened,
       CASE WHEN vullen.r(first_n, 23) < 0.85 THEN 'opgelost' ELSE 'niet_opgelost' END AS outcome,
       at + interval '1 day' * ceil(term_days * 1.4) AS due_at,
       first_at + interval '1 day' * ceil(term_days * 1.4) AS first_due_at,
       streets[1 + floor(vullen.r(gemeente_id * 1000000 + floor(x * 60)::bigint * 1000 + floor(y * 60)::bigint, 24)
   * cardinality(streets))::int]
           || endings[1 + floor(vullen.r(gemeente_id * 1000000 + floor(x * 60)::bigint * 1000
   + floor(y * 60)::bigint, 25) ^ 2 * cardinality(endings))::int]
           || ' ' || 1 + floor(vullen.r(first_n, 26) * 120)::int || ', ' || town AS address
FROM decided, vullen.naam;

CREATE VIEW vullen.bericht AS
SELECT n, n * 4 AS id, gemeente_id, 1000 + n * 8 AS event_id, 'ontvangst' AS kind, at AS delivery_at,
person, kind AS about FROM vullen.verhaal WHERE person IS NOT NULL AND NOT withdrawn
        UNION ALL SELECT n, n * 4 + 1, gemeente_id, 1000 + first_n * 8 + 3,
CASE outcome WHEN 'opgelost' THEN 'gereed' ELSE 'niet_opgelost' END, closed_at, person, kind
FROM vullen.verhaal WHERE person IS NOT NULL AND NOT withdrawn AND closed_at IS NOT NULL AND NOT withdrawn;

-- tabel journal
INSERT INTO journal (gemeente_id, id, at, kind, melding_id, opdracht_id, actor, facts) SELECT gemeente_id, 1000 + n * 8, at, 'ontvangen', n, NULL, 'anoniem',
    jsonb_build_object('danger', false, 'channel', 'app', 'category_id', category_id) FROM vullen.verhaal
UNION ALL SELECT gemeente_id, 1000 + n * 8 + 1, at + interval '1 second',
    CASE WHEN n = first_n THEN 'toegewezen' ELSE 'samengevoegd' END, n, first_n, 'systeem',
    CASE WHEN n = first_n THEN jsonb_build_object('status', 'nieuw', 'rule_id', 0, 'team_id', team_id,
         'category_id', category_id) ELSE '{"reason": "vanzelf"}' END FROM vullen.verhaal
UNION ALL SELECT gemeente_id, 1000 + n * 8 + 2, taken_at, 'opgepakt', NULL, n, 'medewerker:1',
    '{"status": "opgepakt", "version": 2}' FROM vullen.verhaal
    WHERE n = first_n AND taken_at IS NOT NULL
UNION ALL SELECT gemeente_id, 1000 + n * 8 + 3, closed_at, 'afgehandeld', NULL, n, 'medewerker:1',
    jsonb_build_object('reason', '', 'status', 'gereed', 'outcome', outcome, 'version', 3, 'closure_id', n)
    FROM vullen.verhaal WHERE n = first_n AND closed_at IS NOT NULL
UNION ALL SELECT gemeente_id, 1000 + n * 8 + 4, closed_at + interval '2 days', 'heropend', n, $last + n, 'melder:' || n,
    jsonb_build_object('status', 'nieuw', 'rule_id', 0, 'team_id', team_id, 'category_id', category_id)
    FROM vullen.verhaal WHERE reopened
UNION ALL SELECT gemeente_id, 1000 + n * 8 + 5, closed_at + interval '8 days', 'afgehandeld', NULL, $last + n,
    'medewerker:1', jsonb_build_object('reason', '', 'status', 'gereed', 'outcome', outcome)
    FROM vullen.verhaal WHERE reopened
UNION ALL SELECT gemeente_id, 1000 + n * 8 + 6, closed_at, 'ingetrokken', n, NULL, 'melder:' || n, '{}'
    FROM vullen.verhaal WHERE withdrawn;

-- tabel melding
INSERT INTO melding (id, gemeente_id, number, status, description, location, location_source, address,
    wijk_code, area_year, category_id, questions_version, intake_channel, photos_expected, received_at,
    first_promised_on, promised_on, term_days, closed_at, withdrawn_at, flags, accuracy_m)
SELECT n, gemeente_id, digits || $check_digit,
    CASE WHEN withdrawn THEN 'ingetrokken' WHEN NOT open THEN 'afgehandeld' WHEN work = 'nieuw' THEN
        'ontvangen' WHEN work = 'opgepakt' THEN 'in_behandeling' WHEN work = 'bij_partij' THEN 'doorgezet'
        ELSE work END,
    (ARRAY['Er ligt al dagen', 'Sinds gisteren ligt er', 'Bij ons voor de deur:', 'Op de hoek:', 'Wij hebben last van:',
    'Gevaarlijk voor kinderen:', 'Alweer hetzelfde:', 'Graag iets doen aan:'])[1 + floor(vullen.r(n, 31) * 8)::int]
    || ' ' || lower(kind) || ' ' ||
    (ARRAY['naast de speeltuin', 'bij de bushalte', 'achter de school', 'voor de supermarkt', 'langs het fietspad',
    'bij het viaduct', 'tegenover de kerk', 'op de parkeerplaats', 'onder de brug', 'in de berm', 'naast de container',
    'bij het zebrapad', 'in het plantsoen', 'op het voetbalveldje', 'bij de ingang van het park', 'aan de waterkant'])
    [1 + floor(vullen.r(n, 32) * 16)::int] || '. ' ||
    (ARRAY['Het wordt steeds erger.', 'Mensen struikelen erover.', 'Kunt u laten weten wanneer het klaar is?',
    'Vorig jaar was dit ook al zo.', 'De buren klagen er ook over.', 'Het stinkt en trekt ratten aan.', 'Dank u wel.',
    'Fietsers moeten uitwijken.', 'Met een rollator kom je er niet langs.', ''])[1 + floor(vullen.r(n, 33) * 10)::int], ST_SetSRID(ST_MakePoint(lon + CASE WHEN n = first_n THEN 0 ELSE 0.0002 * (vullen.r(n, 34) - 0.5)
        END, lat), 4326), 'pin', address, wijk, 2025, category_id, 1,
    (ARRAY['app', 'app', 'app', 'e_formulier', 'telefoon', 'e_mail'])[1 + floor(vullen.r(n, 35) * 6)::int],
    (first_n = n AND vullen.r(n, 51) < 0.4 AND at > $now - interval '365 days')::int, at, due_at::date, due_at::date, term_days,
    CASE WHEN NOT withdrawn THEN closed_at + CASE WHEN reopened THEN interval '8 days' ELSE interval '0' END
    END, CASE WHEN withdrawn THEN closed_at END,
    CASE WHEN open AND vullen.r(n, 36) < 0.01 THEN ARRAY['grensgeval'] ELSE '{}' END,
    CASE WHEN vullen.r(n, 37) < 0.5 THEN (5 + 40 * vullen.r(n, 38))::int END
FROM (SELECT *, to_char(at, 'YY') || lpad((1 + (n - 1) % $most)::text, 7, '0') AS digits FROM vullen.verhaal OFFSET 0) told;

-- tabel delivery_step
INSERT INTO delivery_step (gemeente_id, delivery_id, status, at, attempt, id)
SELECT gemeente_id, id, status, delivery_at + interval '1 second' * nth, 1, id * 4 + nth
FROM (VALUES ('klaar', 0), ('verzonden', 1), ('bezorgd', 2)) step (status, nth), vullen.bericht bericht;

-- tabel delivery
INSERT INTO delivery (id, gemeente_id, notice_id, channel, status, address, reference, subject, text, html,
    provider_id, attempts, due_at, created_at, sent_at, finished_at)
SELECT id, gemeente_id, id, channel, CASE WHEN id % 50 = 0 THEN 'niet_bezorgd' ELSE 'bezorgd' END,
    CASE WHEN NOT kept THEN '' WHEN channel = 'sms' THEN '+316' || lpad(person::text, 8, '0')
         ELSE 'melder' || person || '@example.nl' END,
    md5(id::text || 'r')::uuid, CASE WHEN kept THEN 'Uw melding' ELSE '' END,
    CASE WHEN kept THEN words ELSE '' END,
    CASE WHEN kept AND channel = 'email' THEN '<!doctype html><html lang="nl"><head><meta charset="utf-8"><title>Uw melding</title></head>'
    '<body style="margin: 0; padding: 24px; font-family: Arial, sans-serif; font-size: 16px"><h1>Uw melding</h1><p>' || words || '</p></body></html>' ELSE '' END,
    '', 1, delivery_at, delivery_at, delivery_at + interval '1 second', delivery_at + interval '2 seconds'
FROM (SELECT *, delivery_at > $now - interval '365 days' AS kept, CASE WHEN vullen.r(person, 43) < 0.75 THEN 'email' ELSE 'sms' END AS channel,
             about || ' – dat heeft u ons gemeld. ' || repeat('Wij gaan ermee aan het werk en laten u weten wanneer het klaar is. ', 12) AS words FROM vullen.bericht told) bericht;

-- tabel opdracht
INSERT INTO opdracht (id, gemeente_id, status, version, category_id, team_id, urgency, priority, location,
    address, wijk_code, rule_id, received_at, due_at, planned_on, taken_up_at, outcome, closed_at, created_at,
    danger_suspected, party_since_at, party_expected_on, warned_due_at)
SELECT n, gemeente_id, work, CASE WHEN work = 'nieuw' THEN 1 ELSE 3 END, category_id, team_id, urgency, floor(vullen.r(n, 61) * 40)::int,
    ST_SetSRID(ST_MakePoint(lon, lat), 4326), address, wijk, 0, at, due_at,
    CASE WHEN work = 'ingepland' THEN due_at::date END, taken_at,
    CASE WHEN NOT open THEN outcome END, closed_at, at,
    open AND vullen.r(n, 62) < 0.005, CASE WHEN work = 'bij_partij' THEN taken_at END,
    CASE WHEN work = 'bij_partij' THEN due_at::date END,
    CASE WHEN open AND due_at < $now + interval '1 day' THEN due_at END
FROM vullen.verhaal WHERE n = first_n;

INSERT INTO opdracht (id, gemeente_id, status, version, category_id, team_id, urgency, location, address,
    wijk_code, rule_id, received_at, due_at, taken_up_at, outcome, closed_at, created_at, reopened_from_id)
SELECT $last + n, gemeente_id, 'gereed', 3, category_id, team_id, urgency,
    ST_SetSRID(ST_MakePoint(lon, lat), 4326), address, wijk, 0, at, due_at, closed_at + interval '2 days', 'opgelost',
    closed_at + interval '8 days', closed_at + interval '2 days', n FROM vullen.verhaal WHERE reopened;

-- tabel melding_opdracht
INSERT INTO melding_opdracht (id, gemeente_id, melding_id, opdracht_id, how, from_at, until_at, made_by,
    ended_by)
SELECT n * 2, gemeente_id, n, first_n, CASE WHEN n = first_n THEN 'toegewezen' ELSE 'samengevoegd' END, at,
    CASE WHEN withdrawn THEN closed_at WHEN reopened THEN closed_at + interval '2 days' END, 'systeem',
    CASE WHEN withdrawn OR reopened THEN 'melder:' || n END FROM vullen.verhaal
UNION ALL SELECT n * 2 + 1, gemeente_id, n, $last + n, 'heropend', closed_at + interval '2 days', NULL, 'melder:' || n, NULL
FROM vullen.verhaal WHERE reopened;

-- tabel ending
INSERT INTO ending (id, gemeente_id, melding_id, event_id, kind, month, at, received_at, closed_at,
    category_id, wijk_code, team_id, intake_channel, reach, spoed, partner, werkdagen, in_term,
    in_term_paused, in_term_party, reopened_at)
SELECT n, gemeente_id, n, 1000 + first_n * 8 + 3, CASE outcome WHEN 'opgelost' THEN 'gereed' ELSE outcome END,
    date_trunc('month', closed_at AT TIME ZONE 'Europe/Amsterdam')::date, closed_at, at, closed_at,
    category_id, wijk, team_id, 'app', CASE WHEN person IS NULL THEN 'anoniem' ELSE 'bereikbaar' END,
    urgency = 'spoed', false, greatest(0, floor(extract(epoch FROM closed_at - at) / 86400 / 1.4))::int,
    closed_at <= due_at, closed_at <= due_at, closed_at <= due_at,
    CASE WHEN reopened THEN closed_at + interval '2 days' END FROM vullen.verhaal WHERE closed_at IS NOT NULL AND NOT withdrawn;

-- tabel notice
INSERT INTO notice (id, gemeente_id, event_id, melding_id, kind, at)
SELECT id, gemeente_id, event_id, n, kind, delivery_at FROM vullen.bericht told;

-- tabel closure
INSERT INTO closure (id, gemeente_id, opdracht_id, outcome, reason, sentence, closed_at)
SELECT n, gemeente_id, n, outcome, '', 'Wij hebben het gemaakt.', closed_at
FROM vullen.verhaal WHERE n = first_n AND closed_at IS NOT NULL
UNION ALL SELECT $last + n, gemeente_id, $last + n, 'opgelost', '', 'Nu is het gemaakt.',
    closed_at + interval '8 days' FROM vullen.verhaal WHERE reopened;

-- tabel contact
INSERT INTO contact (id, gemeente_id, melding_id, name, email, phone, mobile)
SELECT n, gemeente_id, n, CASE WHEN vullen.r(person, 44) < 0.8 THEN (ARRAY['Fatima','Jan','Kees','Maria','Mohammed','Anna','Piet','Sanne','Daan','Emma','Ahmed','Lotte','Henk','Yusuf','Ingrid','Willem','Noor','Bram','Zeynep','Gerrit'])[1 + floor(vullen.r(person, 41) * 20)::int] || ' ' || (ARRAY['de Vries','Jansen','Bakker','Visser','Smit','Meijer','Özdemir','de Boer','Mulder','de Groot','Bos','Vos','Peters','Hendriks','van Dijk','van den Berg','Dekker','Brouwer','de Wit','Dijkstra','Smits','de Graaf','van der Meer','Kok','Jacobs','Yilmaz','van Leeuwen','Willems','Hoekstra','Postma'])[1 + floor(vullen.r(person, 42) * 30)::int] ELSE '' END,
    CASE WHEN vullen.r(person, 43) < 0.75 THEN 'melder' || person || '@example.nl' ELSE '' END,
    CASE WHEN vullen.r(person, 43) > 0.5 THEN '+316' || lpad(person::text, 8, '0') ELSE '' END,
    vullen.r(person, 43) > 0.5 FROM vullen.verhaal WHERE person IS NOT NULL AND coalesce(closed_at + interval '90 days', $now) >= $now AND at > $now - interval '365 days';

-- tabel photo
INSERT INTO photo (id, gemeente_id, public_id, melding_id, kind, sha256, size_bytes, status, small_key,
    large_key, width, height, public, received_at, processed_at)
SELECT n, gemeente_id, md5(n || 'f'), n, 'melder', sha256(n::text::bytea), 2500000, 'klaar',
    'klein/' || gemeente_id || '/' || md5(n || 'f'), 'groot/' || gemeente_id || '/' || md5(n || 'f'), 1600, 1200,
    vullen.r(n, 52) < 0.1, at, at + interval '5 seconds' FROM vullen.verhaal WHERE first_n = n AND vullen.r(n, 51) < 0.4 AND at > $now - interval '365 days';

-- tabel verdict
INSERT INTO verdict (id, gemeente_id, melding_id, event_id, asked, answer, via, at, mark)
SELECT n, gemeente_id, n, 1000 + first_n * 8 + 3, CASE outcome WHEN 'opgelost' THEN 'opgelost' ELSE 'uitleg' END,
    NOT reopened, 'volgpagina', closed_at + interval '2 days', 1 + floor(vullen.r(n, 72) * 10)::int
FROM vullen.verhaal WHERE closed_at IS NOT NULL AND NOT withdrawn AND person IS NOT NULL AND (reopened OR vullen.r(n, 71) < 0.15)
    AND closed_at + interval '2 days' < $now;

-- tabel terugbelnotitie
INSERT INTO terugbelnotitie (id, gemeente_id, melding_id, kind, reason, words, status, created_at, due_at,
    finished_at)
SELECT n, gemeente_id, n, 'gereed', 'bel_mij', '', CASE WHEN recent THEN 'open' ELSE 'gesproken' END, closed_at,
    closed_at + interval '1 day', CASE WHEN NOT recent THEN closed_at + interval '5 hours' END
FROM (SELECT *, closed_at > $now - interval '1 day' AS recent FROM vullen.verhaal) told
WHERE closed_at IS NOT NULL AND NOT withdrawn AND vullen.r(n, 73) < 0.01;

-- tabel outbox
INSERT INTO outbox (gemeente_id, topic, urgency, payload, order_key, due_at, created_at, attempts, done_at)
SELECT gemeente_id, topic, 50, jsonb_build_object('melding_id', n, 'gemeente_id', gemeente_id),
    topic || ':' || n, at, at, 1, at + interval '1 second'
FROM vullen.verhaal, unnest(ARRAY['toewijzen', 'bericht']) topic WHERE at > $now - interval '7 days';

-- tabel idempotency
INSERT INTO idempotency (scope, key, body_hash, resource_id, created_at)
SELECT 'meldingen:anoniem', md5(n || 'k')::uuid, sha256(n::text::bytea), n, at
FROM vullen.verhaal WHERE at > $now - interval '30 days';
