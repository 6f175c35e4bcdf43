"""/postvak: newest first, as text, with the mail in a closed frame; nowhere but in local mode."""

from dataclasses import replace

from flask.testing import FlaskClient

from meldingen.adapters.postvak import Kept

from .conftest import World
from .forms import words

NASTY = "<html><body><style>p{color:red}</style><script>alert(1)</script><a href='/v/abc'>Volg</a></body></html>"


def keep(world: World, reference: str, **facts: str) -> None:
    message = {"channel": "email", "to": "jo@example.nl", "subject": "Uw melding", "text": "Dag", "html": "", "at": ""}
    postvak = world.app.extensions["meldingen"].adapters.postvak
    postvak.keep(Kept(reference=reference, **{**message, **facts}))


def test_messages_are_shown_newest_first(world: World, client: FlaskClient) -> None:
    keep(world, "een", text="Zie http://127.0.0.1:8000/v/abc <b>!", html=NASTY)
    keep(world, "twee", channel="sms", to="+31612345678", subject="", text="Uw melding is klaar")
    page = client.get("/postvak").text
    assert words(page).index("Uw melding is klaar") < words(page).index("Zie http")
    assert '<a href="http://127.0.0.1:8000/v/abc"' in page and "&lt;b&gt;!" in page
    assert 'src="/postvak/een/html" sandbox=' in page and "/postvak/twee/html" not in page


def test_a_mail_runs_nothing(world: World, client: FlaskClient) -> None:
    keep(world, "kwaad", html=NASTY)
    answer = client.get("/postvak/kwaad/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "sandbox" in policy and "allow-scripts" not in policy
    for wrong in ("bestaat-niet", "..", "a.b", "%00"):
        assert client.get(f"/postvak/{wrong}/html").status_code == 404


def test_outside_local_mode_there_is_no_postvak(world: World, client: FlaskClient) -> None:
    held = world.app.extensions["meldingen"]
    local = held.settings
    held.settings = replace(local, local_mode=False)
    try:
        assert client.get("/postvak").status_code == 404
        assert "Postvak" not in client.get("/").text
    finally:
        held.settings = local
