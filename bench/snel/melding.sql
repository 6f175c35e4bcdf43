-- The rows of one POST melding with a key and an e-mail address, in one statement: what no program could do faster.
WITH made AS (
    INSERT INTO melding (gemeente_id, number, status, description, location, location_source, location_note, address,
                         wijk_code, buurt_code, area_year, category_id, answers, questions_version, danger, flags,
                         intake_channel, partner_name, photos_expected, received_at, first_promised_on, promised_on,
                         term_days)
    VALUES (:gemeente, lpad((6000000000 + nextval('melding_number'))::text, 10, '0'), 'ontvangen',
            'De stoeptegel ligt los bij nummer ' || :n || ', mijn moeder struikelde er bijna over.',
            ST_SetSRID(ST_MakePoint(4.62 + mod(:n, 10000) / 100000.0, 52.60 + :n / 10000000.0), 4326), 'pin',
            'Voor de deur.', 'Kerkstraat 12, Bergen', 'WK037300', 'BU03730000', 2025, :categorie, '{}', 1, false, '{}',
            'app', '', 0, now(), current_date + 7, current_date + 7, 5)
    RETURNING id, gemeente_id
), kept AS (
    INSERT INTO idempotency (scope, key, body_hash, resource_id, created_at)
    SELECT 'pgbench', gen_random_uuid(), decode(repeat('ab', 32), 'hex'), id, now() FROM made
), reached AS (
    INSERT INTO contact (gemeente_id, melding_id, name, email, phone, mobile, preference, only_when_done, night_too)
    SELECT gemeente_id, id, 'J. de Vries', 'melder' || :n || '@voorbeeld.nl', '', false, 'email', false, false FROM made
), told AS (
    INSERT INTO journal (gemeente_id, at, kind, melding_id, actor, facts)
    SELECT gemeente_id, now(), 'ontvangen', id, 'anoniem', '{"channel": "app", "category_id": 12, "danger": false}'
    FROM made
    RETURNING id, gemeente_id, melding_id
), owed AS (
    INSERT INTO notice (gemeente_id, event_id, melding_id, kind, at)
    SELECT gemeente_id, id, melding_id, 'ontvangst', now() FROM told
    RETURNING id, gemeente_id, melding_id
)
INSERT INTO outbox (gemeente_id, topic, urgency, payload, request_id, order_key, due_at, created_at)
SELECT gemeente_id, 'bericht', 50, jsonb_build_object('notice_id', id, 'gemeente_id', gemeente_id), '0123456789abcdef',
       'melding:' || melding_id, now(), now() FROM owed
UNION ALL
SELECT gemeente_id, 'toewijzen', 50, jsonb_build_object('melding_id', id, 'gemeente_id', gemeente_id),
       '0123456789abcdef', 'toewijzen:' || id, now(), now() FROM made;
