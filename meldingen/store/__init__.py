"""What is remembered: tables and named queries, functions that take a session and a scope.

Importing this package loads every table, so that `Base.metadata` is whole for migrations and tests.
"""

from . import (  # noqa: F401  each import registers its tables
    access_code,
    account,
    area,
    bulk,
    callback,
    category,
    category_model,
    clock,
    concept,
    contact,
    destruction,
    duty,
    ending,
    gemeente,
    incoming_mail,
    journal,
    melding,
    notice,
    notice_text,
    opdracht,
    outbox,
    pace,
    photo,
    privacy_request,
    public_object,
    push,
    staff_push,
    task,
    team,
    verdict,
    webhook,
)
