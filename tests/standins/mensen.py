"""People at other doors while two tablets work: the KCC or a melder, at random by a seed, over HTTP, as a process.

`python mensen.py '{"who": "kcc", "base": …, "bearer": …, "seed": 1, "steps": 40}'`; tells what went wrong as JSON: any
answer of 500 or more. A refusal is no mistake: somebody else was first.
"""

import json
import random
import sys
import urllib.error
import urllib.request
from typing import Any

API = "/api/v1"
HOME = (4.70, 52.66)
TEAMS = ("groen", "serviceteam", "kcc")


class Person:
    """Somebody with a random mind and the meldingen he made."""

    def __init__(self, who: str, base: str, bearer: str, seed: int) -> None:
        self.who, self.base, self.bearer = who, base, bearer
        self.mind = random.Random(seed)
        self.made: list[tuple[str, str]] = []
        self.wrong: list[str] = []

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One request; its JSON when it was a success, else None."""
        head = {"Content-Type": "application/json", "Accept": "application/json", **headers}
        if self.bearer:
            head["Authorization"] = f"Bearer {self.bearer}"
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.base + API + path, data, head, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refusal:
            if refusal.code >= 500:
                self.wrong.append(f"{self.who}: {refusal.code} {method} {path}")
            return None

    def report(self) -> None:
        """A melding near home, by a person who can be reached or not."""
        number = len(self.made) + 1
        east, north = self.mind.uniform(0, 0.01), self.mind.uniform(0, 0.01)
        body: dict[str, Any] = {
            "locatie": {"type": "Point", "coordinates": [HOME[0] + east, HOME[1] + north]},
            "omschrijving": f"Losse tegel {self.who} {number}",
            "categorie": "losse-tegel",
        }
        if self.mind.random() < 0.7:
            body["contact"] = {"email": f"{self.who}{number}@example.nl"}
        if self.who == "kcc":
            body["kanaal"] = "telefoon"
        if told := self.ask("POST", "/meldingen", body):
            self.made.append((told["nummer"], told["volgToken"]))

    def about_a_melding(self) -> None:
        """Withdraws, reopens or adds to one of his own."""
        if not self.made:
            return self.report()
        number, token = self.mind.choice(self.made)
        what, body = self.mind.choice(
            [("intrekkingen", {"reden": "Toch niet."}), ("heropeningen", {"tekst": "Nog niet goed."}),
             ("heropeningen", {}), ("aanvullingen", {"tekst": "Nog steeds los."})]
        )  # fmt: skip
        head = {} if self.who == "kcc" else {"Volg-Token": token}
        self.ask("POST", f"/meldingen/{number}/{what}", body, **head)
        return None

    def about_the_work(self) -> None:
        """Hands over, joins or gives a note, on the version that he sees."""
        told = self.ask("GET", "/opdrachten?pageSize=50") or {}
        works = next((value for value in told.values() if isinstance(value, list)), [])
        if not works:
            return self.report()
        chosen = self.mind.choice(works)
        path, head = f"/opdrachten/{chosen['id']}", {"If-Match": f'"{chosen["versie"]}"'}
        match self.mind.randrange(4):
            case 0:
                team = self.mind.choice(TEAMS)
                self.ask("POST", f"{path}/overdrachten", {"team": team, "reden": "Van het KCC."}, **head)
            case 1:
                other = self.mind.choice(works)
                self.ask("POST", f"{path}/samenvoegingen", {"opdracht": other["id"]}, **head)
            case 2:
                self.ask("POST", f"{path}/notities", {"tekst": "De beller heeft haast."})
            case _:
                self.ask("POST", f"{path}/vragen", {"vraag": "Waar precies?"}, **head)
        return None

    def live(self, steps: int) -> None:
        """So many things one after another."""
        doings = [self.report, self.about_a_melding, self.about_a_melding]
        doings += [self.about_the_work, self.about_the_work] if self.who == "kcc" else []
        for _ in range(steps):
            self.mind.choice(doings)()


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    steps = asked.pop("steps")
    person = Person(**asked)
    person.live(steps)
    json.dump({"made": [number for number, _ in person.made], "wrong": person.wrong}, sys.stdout)
