"""The order of the tablet's list and the sentence it proposes: pure scripts, run under Playwright's own node."""

import json
import subprocess
from pathlib import Path
from typing import Any

import playwright

from meldingen.web.static_files import STATIC

NODE = Path(playwright.__file__).parent / "driver/node"
SCRIPT = """
import { inOrder, withWords, nearby, CHOICES } from "./orde.js";
import { fittingSentence, proposeKinds } from "./soorten.js";
import { pastWords, dayWords, lastDay } from "./tijd.js";
const { works, sentences } = JSON.parse(process.argv[1]);
const ids = (list) => list.map(({ id }) => id);
const kinds = [{ slug: "lamp", naam: "Lamp kapot", hoofd: "x" }, { slug: "boom", naam: "Boom", hoofd: "x" }];
const named = ["Gat in de weg", "Onkruid op straat of stoep", "Paal kapot"];
const now = Date.parse("2026-04-14T12:00Z");
const here = { lon: 4.7, lat: 52.66 };
console.log(JSON.stringify({
  term: ids(inOrder(works, "termijn")),
  area: ids(inOrder(works, "gebied")),
  near: ids(inOrder(works, "afstand", here)),
  route: ids(inOrder(works, "route", here)),
  from_first: ids(inOrder(works, "route")),
  words: ids(withWords(works, "CAFE kerk")),
  beside: nearby(works[0], works, 250).map(([{ id }]) => id),
  late: ids(works.filter((work) => CHOICES.te_laat(work, "2026-04-14"))),
  sentences: named.map((kind) => fittingSentence(kind, sentences)),
  kinds: proposeKinds("De lampen branden niet", kinds).map(({ slug }) => slug),
  past: ["2026-04-14T06:47Z", "2026-04-13T06:47Z"].map((moment) => pastWords(Date.parse(moment), now)),
  days: [dayWords("2026-04-15", "2026-04-14"), dayWords("2026-04-16", "2026-04-14"), lastDay("2026-04-14T22:00Z")],
}));
"""


def work(number: int, **facts: Any) -> dict[str, Any]:
    return {
        "id": number, "lon": 4.7, "lat": 52.66, "uiterlijk": f"2026-04-{number + 10}T22:00:00+00:00", "spoed": False,
        "gevaarVermoed": False, "status": "nieuw", "gepland": None, "adres": "", "gebied": "", "soort": "Tegel",
        "tekst": "", "gemeente": "duinstede", **facts,
    }  # fmt: skip


def test_the_order_of_a_list_and_the_words_it_proposes() -> None:
    works = [
        work(1, lat=52.664, gebied="Noord", adres="Kerkweg 1", tekst="Bij het café"),
        work(2, lat=52.6605, gebied="Zuid"),
        work(3, lat=52.668, gebied="Noord", adres="Acacialaan 2"),
        work(4, lat=52.669, spoed=True, gebied="Zuid"),
        work(5, lat=52.6655, gevaarVermoed=True, gebied="Oost"),
        work(6, lat=52.6642, status="wacht_op_melder", gebied="Zuid"),
    ]
    sentences = ["De tegel ligt weer recht.", "Het gat is dicht.", "De straat is weer vlak.", "Het onkruid is weg."]
    given = json.dumps({"works": works, "sentences": sentences})
    run = [NODE, "--input-type=module", "--no-warnings", "-e", SCRIPT, given]
    done = subprocess.run(run, cwd=STATIC / "js/onderweg", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["term"] == [4, 5, 1, 2, 3, 6], "spoed, then what sounds dangerous, then the term"
    assert told["area"] == [4, 5, 3, 1, 2, 6]
    assert told["near"] == [4, 5, 2, 1, 6, 3]
    assert told["route"] == [4, 5, 2, 1, 6, 3]
    assert told["from_first"] == [4, 5, 1, 6, 2, 3], "each the nearest to the one before"
    assert told["words"] == [1]
    assert told["beside"] == [6, 5], "within 250 metres, nearest first"
    assert told["late"] == [1, 2, 3], "what waits for the melder is not late by us"
    assert told["sentences"] == ["Het gat is dicht.", "Het onkruid is weg.", ""]
    assert told["kinds"] == ["lamp"]
    assert told["past"] == [{"name": "ochtend", "values": {"uur": "08.47"}}, {"name": "gisteren", "values": {}}]
    assert told["days"] == ["morgen", "donderdag 16 april", "2026-04-14"]
