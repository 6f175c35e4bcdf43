"""The real relay and workers with real handlers, in processes of their own; only their patience is a test's.

A lease of two seconds instead of ninety: what a killed worker held comes back while the test still watches. QUICK
tries again within a second too; PATIENT waits as long as in earnest, for stories in which the clock is set forward.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from meldingen.app import configure_logging
from meldingen.settings import Settings
from meldingen.store.outbox import Topic
from tests import forked
from workers import main
from workers.policy import POLICIES, Policy
from workers.stopping import die_with_parent

LEASE_S = 2
PATIENT = {
    topic: replace(policy, terms=replace(policy.terms, lease_s=LEASE_S), budget_s=1.0)
    for topic, policy in POLICIES.items()
}
QUICK = {topic: replace(policy, first_wait_s=0.1, longest_wait_s=1) for topic, policy in PATIENT.items()}


def start(part: str, settings: Settings, log: Path, policies: Mapping[Topic, Policy] = QUICK) -> BaseProcess:
    """Starts `relay`, `text` or `heavy`; ends with this process, or when killed."""
    return forked.start(be, part, settings, log, policies)


def be(part: str, settings: Settings, log: Path, policies: Mapping[Topic, Policy]) -> None:
    """Runs in the new process."""
    die_with_parent(os.getppid())
    with log.open("ab") as written:
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    configure_logging("INFO")
    if part == "relay":
        main.be_relay(settings, policies=policies)
    elif part == "text":
        main.be_text_worker(settings, policies=policies)
    else:
        main.be_heavy_worker(settings, policies=policies)
