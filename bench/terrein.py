"""What an installation of a bench is made of: where its providers are, and the gemeenten it serves, founded as README
tells an operator. Used by bench/chaos/ground.py and by the test of everything double.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import requests

from tests.standins import notify

PASSWORD = "een lange zin om te onthouden"
DEMO = Path(__file__).resolve().parent.parent / "meldingen/defaults/demo"
NEIGHBOURS = ("alkmaar", "castricum")
"""Served too when asked for; else they are only borders."""
CALLED = ("piket", "serviceteam", "groen", "afval", "verlichting", "riolering", "verkeer")
"""Teams that may get an alarm, so they have a telephone."""
FREE = "1000000 per minute"

Command = Callable[[Sequence[str]], str]
"""Runs `meldingen` with these words; what it printed."""


def outside_settings(outside: Mapping[str, int]) -> dict[str, str]:
    """The settings that lead to the providers of bench.chaos.providers. outside: its ports. No limit is in the way."""
    return {
        "SMTP_URL": f"smtp://127.0.0.1:{outside['mail']}",
        "MAIL_FROM": "meldingen@gemeente.example",
        "NOTIFYNL_URL": f"http://127.0.0.1:{outside['sms']}",
        "NOTIFYNL_API_KEY": notify.API_KEY,
        "NOTIFYNL_SMS_TEMPLATE": notify.TEMPLATE,
        "NOTIFYNL_CALLBACK_TOKEN": notify.CALLBACK_TOKEN,
        "PUSH_DIENSTEN": f"http://127.0.0.1:{outside['push']}",
        "LIMIET_EMAIL": "6000",
        "LIMIET_SMS": "6000",
        "LIMIET_PUSH": "6000",
        "LIMIET_PUBLIEK": FREE,
        "LIMIET_MELDER": FREE,
        "LIMIET_INLOGGEN": FREE,
        "LIMIET_MEDEWERKER": FREE,
    }


def signed_in(address: str, who: str, password: str) -> requests.Session:
    """A browser in which this medewerker signed in. address: of the website, without a slash at the end."""
    browser = requests.Session()
    form = browser.get(f"{address}/inloggen", timeout=30).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
    assert token is not None, "de inlogpagina heeft een formulier"
    said = {"csrf_token": token[1], "gebruikersnaam": who, "wachtwoord": password}
    browser.post(f"{address}/inloggen", data=said, timeout=30)
    return browser


def found_gemeenten(command: Command, *, neighbours: bool = False) -> None:
    """Bergen, with its teams and people; with its two neighbours when asked for."""
    about = {"--telefoon": "072 888 00 00", "--openingstijden": "op werkdagen", "--email": "post@gemeente.example"}
    homes = ["bergen-nh", *(NEIGHBOURS if neighbours else ())]
    command(["migrate"])
    command(["import", "gebieden", str(DEMO / "gebieden.geojson"), "--bedienen"])
    if neighbours:
        command(["import", "gebieden", str(DEMO / "buurgemeenten.geojson"), "--bedienen"])
    for home in homes:
        command(["seed", "--gemeente", home])
        command(["beheer", "gemeente", "--gemeente", home, *(word for pair in about.items() for word in pair)])
        for team in CALLED:
            command(["beheer", "team", team, "--gemeente", home, "--telefoon", "06 18 00 00 01"])
    for role in ("coordinator", "kcc"):
        command(["account", "nieuw", role, "--naam", role, "--rol", role, "--gemeente", homes[0]])
