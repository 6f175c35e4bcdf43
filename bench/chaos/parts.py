"""What `meldingen worker` starts: relay, clock, text workers and a heavy one under one parent that keeps them alive.

With CHAOS_LEASE_S=0 exactly that; else with shorter leases, so that a run of a minute sees what a killed worker held
come back. Run by ground.py as `python -m bench.chaos.parts TEXT_WORKERS`.
"""

import os
import sys
from dataclasses import replace
from functools import partial

from meldingen.app import configure_logging
from meldingen.settings import Settings
from workers import main
from workers.policy import POLICIES
from workers.stopping import Stop


def parts(settings: Settings, lease_s: float, text_workers: int) -> list[main.Part]:
    """The parts of one machine."""
    if not lease_s:
        return main.parts_of(settings, text_workers=text_workers)
    quick = {
        topic: replace(policy, terms=replace(policy.terms, lease_s=lease_s), budget_s=lease_s / 3)
        for topic, policy in POLICIES.items()
    }
    named = [main.Part("relay", partial(main.be_relay, settings, policies=quick))]
    named.append(main.Part("klok", partial(main.be_clock, settings)))
    for number in range(1, text_workers + 1):
        named.append(main.Part(f"werker-{number}", partial(main.be_text_worker, settings, policies=quick)))
    return [*named, main.Part("fotowerker-1", partial(main.be_heavy_worker, settings, policies=quick))]


if __name__ == "__main__":
    configure_logging("INFO")
    chosen = parts(Settings.from_env(), float(os.environ["CHAOS_LEASE_S"]), int(sys.argv[1]))
    main.keep_alive(chosen, Stop().listen())
