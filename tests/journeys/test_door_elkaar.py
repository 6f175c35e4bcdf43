"""Two tablets with the real queue, the KCC and a melder at once, at random: nothing is lost, doubled or out of step.

The seed is printed; `DOOR_ELKAAR=123` plays that one again. Thousands of steps: `python -m bench.door_elkaar`.
"""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from .door_elkaar import play
from .kloppend import what_is_wrong

STEPS = 25


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_four_people_at_once(clone: Callable[[], sa.URL], tmp_path: Path) -> None:
    seed = int(os.environ.get("DOOR_ELKAAR", secrets.randbelow(10**6)))
    sys.stdout.write(f"DOOR_ELKAAR={seed}\n")
    played = play(clone(), tmp_path, seed=seed, steps=STEPS)
    assert what_is_wrong(played) == [], f"DOOR_ELKAAR={seed}"
    done = [step for _, step in played.ledger if step["staat"] in ("gedaan", "intussen_gewijzigd")]
    assert len(done) > STEPS // 2 and played.made > 0
    played.engine.dispose()
