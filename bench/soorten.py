"""How good the category proposal is on 300 free texts, and what it costs: time, memory per process, and learning.

Run with `python -m bench.soorten`. The texts and who labelled them: tests/free_texts.toml. The even half is held back;
`--afstellen` leaves it out, for whoever changes the words in defaults/ and wants to see what is missed. `--leren 10000`
also learns from that many made-up meldingen, about a minute. Each cost is measured in a process of its own.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.free_texts import ask, default_weights, free_texts


def quality(*, odd: bool, show: bool) -> None:
    """One half as a line of the table; with `show` also each text that was missed."""
    asked = ask(free_texts(odd=odd))
    count = len(asked)
    name = "afstellen (oneven)" if odd else "apart gehouden (even)"
    shares = [sum(one.first for one in asked), sum(one.among for one in asked), sum(not one.proposed for one in asked)]
    print(f"{name:<24}{count:>6}" + "".join(f"{share / count:>14.1%}" for share in shares))
    if show:
        for one in asked:
            if not one.among:
                print(f"  {one.free.nr:>3} {one.free.text[:70]!r}: {list(one.free.right)}, niet {list(one.proposed)}")


def proposing(path: str) -> None:
    """Time per proposal and memory added, in a process that has the whole application loaded but no weights."""
    import meldingen.app
    from meldingen.domain.proposal import Weights, propose

    assert meldingen.app.create_app
    stored = Path(path).read_bytes()
    slugs = Weights.from_bytes(stored).slugs
    texts = [free.text for free in free_texts(odd=True)]
    texts.append((" ".join(texts))[:500])
    before = pss_kib()
    weights = Weights.from_bytes(stored)
    times = []
    for _ in range(4):
        for text in texts:
            began = time.perf_counter()
            propose(weights, text, offered=slugs)
            times.append((time.perf_counter() - began) * 1000)
    longest = min(timed(weights, texts[-1], slugs) for _ in range(9))
    figures = {
        "median_ms": statistics.median(times),
        "p99_ms": sorted(times)[len(times) * 99 // 100],
        "500_tekens_ms": longest,
        "erbij_mib": (pss_kib() - before) / 1024,
        "opgeslagen_kib": len(stored) / 1024,
    }
    print(json.dumps({name: round(value, 2) for name, value in figures.items()}))


def timed(weights, text, slugs) -> float:
    """Milliseconds for one proposal."""
    from meldingen.domain.proposal import propose

    began = time.perf_counter()
    propose(weights, text, offered=slugs)
    return (time.perf_counter() - began) * 1000


def learning(count: int) -> None:
    """Seconds and peak memory of a lesson with this many made-up meldingen besides the words of defaults/."""
    from meldingen.adapters.learner import Example
    from meldingen.flow.library import category_words
    from meldingen.flow.proposals import Material, learn
    from meldingen.store.category_model import PastCase
    from tests.free_texts import mains

    words = category_words()
    own = [Example(text, slug) for slug in mains() for part in words[slug] for text in part]
    chance = random.Random(7)
    slugs = [slug for slug in mains() if slug != "ander-probleem"]
    filler = [word for free in free_texts(odd=True) for word in free.text.split()]
    cases = []
    for number in range(count):
        slug = chance.choice(slugs)
        spoken = chance.choice(words[slug][1]).split() + chance.choices(filler, k=8)
        chance.shuffle(spoken)
        cases.append(PastCase(" ".join(spoken), slug, str(number), number))
    began = time.process_time()
    lesson = learn(Material(own, cases, mains(), "-"))
    assert lesson is not None
    figures = {
        "meldingen": count,
        "cpu_s": round(time.process_time() - began, 1),
        "piek_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "opgeslagen_kib": len(lesson.weights.to_bytes()) // 1024,
    }
    print(json.dumps(figures))


def pss_kib() -> int:
    """What this process adds to the machine: its own pages and its share of shared ones."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def alone(*arguments: str) -> str:
    """Runs a part of this file in a new process."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.soorten", *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def main() -> None:
    """Prints the table and the costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--afstellen", action="store_true", help="alleen de helft om mee af te stellen, met wat misging"
    )
    parser.add_argument(
        "--leren", type=int, default=0, metavar="AANTAL", help="leer ook van zoveel verzonnen meldingen"
    )
    parser.add_argument("--deel", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.deel:
        part, about = chosen.deel
        (proposing if part == "voorstellen" else lambda number: learning(int(number)))(about)
        return
    print(f"{'juiste hoofdsoort':<24}{'teksten':>6}{'eerste':>13}{'bij de drie':>14}{'zei niets':>14}")
    quality(odd=True, show=chosen.afstellen)
    if not chosen.afstellen:
        quality(odd=False, show=False)
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        file.write(default_weights().to_bytes())
        file.flush()
        print("voorstellen:", alone("--deel", "voorstellen", file.name))
    if chosen.leren:
        print("leren:", alone("--deel", "leren", str(chosen.leren)))


if __name__ == "__main__":
    main()
