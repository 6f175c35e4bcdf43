"""The journey of a melding as a picture, drawn from the workflow table itself, so that it cannot drift from it.

Mermaid text, which forges and editors show as a drawing. `meldingen diagram` writes it, a test compares.
"""

from .workflow import CLOSED, MOVES, NIEUW, STATUS_WORDS

HEAD = """# De reis van een melding

Dit bestand maakt `meldingen diagram` uit de tabel in `meldingen/domain/workflow.py`. Wijzig het niet met de hand.

```mermaid
sequenceDiagram
    actor M as Melder
    participant D as Deur (app, formulier, KCC)
    participant B as Database en outbox
    participant W as Relay en werker
    actor T as Team
    M->>D: melding met plaats, tekst of foto
    D->>B: melding, gebeurtenis en beloften in één transactie
    D-->>M: nummer, datum, volglink
    B->>W: toewijzen, foto's, ontvangst
    W->>B: opdracht voor een team, met de reden
    W-->>M: ontvangstbevestiging
    T->>B: oppakken, plannen, afhandelen
    B->>W: gereedmelding
    W-->>M: wat er is gedaan
    M->>D: niet opgelost? dan gaat hij weer open
```

## De stappen van een opdracht

```mermaid
stateDiagram-v2
"""


def draw() -> str:
    """The whole page: the journey, and every move of the table that changes a status."""
    lines = [f"    [*] --> {NIEUW}"]
    for move in MOVES:
        if move.to is not None:
            lines += [f"    {start} --> {move.to}: {move.words}" for start in move.from_statuses]
    lines += [f"    {end} --> [*]" for end in CLOSED]
    names = [
        f"    {code}: {words}" for code, words in STATUS_WORDS.items() if any(f" {code}" in line for line in lines)
    ]
    rows = [f"| {m.words} | {', '.join(m.roles)} | {', '.join(m.from_statuses)} |" for m in MOVES]
    table = ["", "| stap | wie | vanuit |", "|---|---|---|", *rows, ""]
    return HEAD + "\n".join([*names, *lines, "```", *table])
