"""The teams during the storm: they look at their list and close, one after another, at a steady pace.

Not part of what is measured; what they do takes the same database, locks and workers as the meldingen that come in.
"""

import random
import threading

from bench.chaos import plan as words
from bench.chaos.door import GaveUp, Line

PAGE = 50


class Teams:
    """One coordinator who closes for all teams. closed: how many; refused: what the door said no to, by its code."""

    def __init__(self, port: int, password: str, *, per_s: float, stop: threading.Event) -> None:
        self.closed, self.refused = 0, 0
        self._pause_s, self._stop = 1 / per_s, stop
        self._line = Line(port, random.Random(0), stop, ("coordinator", password), drops=0.0)
        self._thread = threading.Thread(target=self._live, name="teams")

    def start(self) -> None:
        """They begin."""
        self._thread.start()

    def end(self) -> None:
        """They stop when `stop` is set."""
        self._thread.join()

    def _live(self) -> None:
        try:
            while not self._stop.wait(self._pause_s):
                listed = self._line.ask("GET", f"/opdrachten?volgorde=ontvangst&pageSize={PAGE}").content["opdrachten"]
                for one in listed:
                    if self._stop.wait(self._pause_s):
                        return
                    self._close(one)
        except GaveUp:
            return

    def _close(self, one: dict[str, object]) -> None:
        body = {"uitkomst": "opgelost", "zin": words.sentence(int(str(one["id"])))}
        head = {"If_Match": f'"{one["versie"]}"', "Idempotency_Key": f"afhandelen-{one['id']}"}
        answer = self._line.ask("POST", f"/opdrachten/{one['id']}/afhandelingen", body, **head)
        if answer.status == 201:
            self.closed += 1
        else:  # it changed in the meantime: somebody joined
            self.refused += 1
