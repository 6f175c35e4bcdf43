"""The one kind of failure that a person at the keyboard is meant to mend. Anything else is a fault of ours and may
show a traceback."""

from __future__ import annotations


class SetupProblem(Exception):
    """Says in one plain Dutch sentence what stands in the way and how to mend it; the command ends with exit code 1."""
