"""What must never leave: words of people in a log, and a melder's words or person to an external party."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from meldingen import db
from meldingen.flow.sign_in import hash_secret
from meldingen.store.account import StaffSession
from meldingen.store.gemeente import Gemeente
from meldingen.store.opdracht import Opdracht
from tests import factories

from .conftest import BASE, World


def test_a_bug_is_logged_without_the_words_of_people(
    world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session: Any, *_: Any, **__: Any) -> None:
        session.execute(
            sa.text("INSERT INTO contact (gemeente_id, melding_id, name, email) VALUES (1, 0, :name, :email)"),
            {"name": "Fatima Geheim", "email": "fatima@example.nl"},
        )

    for door in ("api.meldingen", "web.melden.sending"):
        monkeypatch.setattr(f"meldingen.{door}.register_melding", broken)
    assert world.post_melding(contact={"naam": "Fatima Geheim", "email": "fatima@example.nl"}).status_code == 500
    told = capsys.readouterr().out
    line = json.loads(told.strip().splitlines()[-1])
    assert line["event"] == "api_failed" and line["error"] == "IntegrityError" and line["request_id"]
    assert any("test_secrets.py" in place for place in line["where"])
    assert "Fatima" not in told and "fatima" not in told and "DETAIL" not in told


def sign_in_partner(world: World, opdracht_id: int) -> str:
    """Gives an opdracht to the waterschap, and the bearer of somebody there."""
    with db.transaction(world.engine) as session:
        work = session.get_one(Opdracht, opdracht_id)
        home, now = session.get_one(Gemeente, work.gemeente_id), db.business_now(session)
        work.team_id, work.status = factories.team(session, home, "waterschap").id, "bij_partij"
        actor = factories.medewerker(session, home, "team", team_slug="waterschap", username=f"partij-{opdracht_id}")
        bearer = f"ms_partij-{opdracht_id}"
        session.add(
            StaffSession(
                account_id=actor.account_id,
                secret_hash=hash_secret(bearer),
                created_at=now,
                expires_at=now.replace(year=now.year + 1),
            )
        )
    return bearer


def test_an_external_party_reads_every_word_masked(world: World) -> None:
    phone = "Bel 06 12345678"
    made, opdracht_id = world.routed(
        omschrijving=f"Kapot. {phone}", locatieToelichting=f"Bij het hek. {phone}", adres=f"Laan 1. {phone}"
    )
    follow = {"Volg-Token": made["volgToken"]}
    path = f"{BASE}/meldingen/{made['nummer']}"
    more = world.client().post(f"{path}/aanvullingen", json={"tekst": f"Het ligt er nog. {phone}"}, headers=follow)
    assert more.status_code == 201
    partner = sign_in_partner(world, opdracht_id)
    for address in (path, f"{BASE}/opdrachten/{opdracht_id}", f"{BASE}/opdrachten"):
        seen = world.client().get(address, headers={"Authorization": f"Bearer {partner}"})
        assert seen.status_code == 200 and "Bij het hek" in seen.text, address
        assert "12345678" not in seen.text, address
    assert "12345678" in world.client().get(path, headers=follow).text
