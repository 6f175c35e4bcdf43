"""Whether a filled database is one that the application itself could have made: each line finds what may not be."""

import sqlalchemy as sa

MAY_NOT_BE = {
    "sleutels of eisen die niet nagekeken zijn": "SELECT count(*) FROM pg_constraint WHERE NOT convalidated",
    "indexen die niet af zijn": "SELECT count(*) FROM pg_index WHERE NOT indisvalid",
    "meldingen zonder opdracht die niet ingetrokken zijn": """
        SELECT count(*) FROM melding m WHERE status <> 'ingetrokken' AND NOT EXISTS (
            SELECT FROM melding_opdracht l WHERE l.melding_id = m.id AND l.until_at IS NULL)""",
    "afgehandelde meldingen met open werk": """
        SELECT count(*) FROM melding m JOIN melding_opdracht l ON l.melding_id = m.id AND l.until_at IS NULL
        JOIN opdracht o ON o.id = l.opdracht_id WHERE m.status = 'afgehandeld' AND o.closed_at IS NULL""",
    "open opdrachten zonder melding": """
        SELECT count(*) FROM opdracht o WHERE closed_at IS NULL AND NOT EXISTS (
            SELECT FROM melding_opdracht l WHERE l.opdracht_id = o.id AND l.until_at IS NULL)""",
    "meldingen die voor hun ontvangst klaar waren": "SELECT count(*) FROM melding WHERE closed_at < received_at",
    "afgehandelde meldingen zonder einde": """
        SELECT count(*) FROM melding m WHERE status = 'afgehandeld' AND NOT EXISTS (
            SELECT FROM ending e WHERE e.gemeente_id = m.gemeente_id AND e.melding_id = m.id)""",
    "bereikbare meldingen zonder ontvangstbericht": """
        SELECT count(*) FROM contact c JOIN melding m ON m.id = c.melding_id AND m.status <> 'ingetrokken'
        WHERE NOT EXISTS (SELECT FROM notice n WHERE n.melding_id = c.melding_id AND n.kind = 'ontvangst')""",
    "berichten zonder bezorging": """
        SELECT count(*) FROM notice n WHERE NOT EXISTS (SELECT FROM delivery d WHERE d.notice_id = n.id)""",
    "meldingen zonder journaal": """
        SELECT count(*) FROM melding m WHERE NOT EXISTS (SELECT FROM journal j WHERE j.melding_id = m.id)""",
    "meldingen buiten hun gemeente": """
        SELECT count(*) FROM melding m JOIN gemeente g ON g.id = m.gemeente_id
        WHERE m.id % 97 = 0 AND NOT ST_Intersects(ST_Expand(g.border, 0.001), m.location)""",
    "een volgnummer dat al uitgegeven is": """
        SELECT count(*) FROM melding WHERE id > (SELECT last_value FROM melding_id_seq)""",
}
COUNTS = """
SELECT (SELECT count(*) FROM melding) AS meldingen, (SELECT count(*) FROM opdracht) AS opdrachten,
       (SELECT count(*) FROM opdracht WHERE closed_at IS NULL) AS open,
       (SELECT count(*) FROM journal) AS gebeurtenissen,
       (SELECT count(*) FROM notice) AS berichten, (SELECT count(*) FROM contact) AS contacten,
       (SELECT count(*) FROM melding m JOIN melding_opdracht l ON l.melding_id = m.id AND l.until_at IS NULL
            JOIN opdracht o ON o.id = l.opdracht_id AND o.closed_at IS NULL) AS open_meldingen,
       pg_database_size(current_database()) AS bytes
"""
SIZES = """
SELECT relname AS name, pg_table_size(c.oid) AS rows_bytes, pg_indexes_size(c.oid) AS index_bytes,
       reltuples::bigint AS rows
FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND pg_total_relation_size(c.oid) > 1000000
ORDER BY pg_total_relation_size(c.oid) DESC
"""


def mistakes(connection: sa.Connection) -> list[str]:
    """What may not be and is, each with how often; empty for a database in order."""
    found = {name: int(connection.execute(sa.text(query)).scalar_one()) for name, query in MAY_NOT_BE.items()}
    return [f"{count} × {name}" for name, count in found.items() if count]


def counts(connection: sa.Connection) -> dict[str, int]:
    """How many rows of the main things there are, and the bytes of the whole database."""
    return {name: int(value) for name, value in connection.execute(sa.text(COUNTS)).mappings().one().items()}


def sizes(connection: sa.Connection, meldingen: int) -> list[str]:
    """Lines of a table: each big table with its rows and indexes in MB, and its bytes per melding."""
    lines = ["| tabel | rijen | MB | MB index | bytes per melding |", "|---|---:|---:|---:|---:|"]
    for name, rows_bytes, index_bytes, rows in connection.execute(sa.text(SIZES)):
        each = (rows_bytes + index_bytes) / meldingen
        lines.append(f"| {name} | {rows} | {rows_bytes / 1e6:.0f} | {index_bytes / 1e6:.0f} | {each:.0f} |")
    return lines
