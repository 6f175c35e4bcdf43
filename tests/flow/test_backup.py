"""A back-up comes back whole or not at all; nobody gets an old number, nobody erased returns, nothing is sent twice."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.adapters import sealing
from meldingen.adapters.failures import PermanentFailure, TemporaryFailure
from meldingen.adapters.storage import FileStore, MemoryStore, PhotoStore, S3Store
from meldingen.cli import main
from meldingen.domain import tokens
from meldingen.domain.actor import KCC, SYSTEM
from meldingen.domain.backup import BadBackup
from meldingen.flow import backup, erasure, put_back, restore
from meldingen.flow.photos import process_photo
from meldingen.store.account import StaffSession
from meldingen.store.contact import Contact
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.photo import KLAAR, ONTVANGEN, Photo
from tests import factories
from tests.adapters.s3_server import ACCESS_KEY, BUCKET, s3_server
from tests.conftest import drop_database
from tests.flow.filled import CONTACT, fill
from tests.photos import photo

SECRET = "geheim-voor-de-tests-van-de-back-up-0123456789"


def quiet(done: int, total: int) -> None:
    """Nobody looks."""


class Town:
    """One installation with photos, a folder for back-ups, and the commands as somebody types them."""

    def __init__(self, engine: sa.Engine, folder: Path, now: datetime, environ: Callable[[str, str], None]) -> None:
        self.engine, self.folder, self.now, self._environ = engine, folder, now, environ
        self.store: PhotoStore = FileStore(folder / "fotos")
        with db.transaction(engine) as session:
            self.home = factories.gemeente(session)
            self.agent = factories.medewerker(session, self.home, KCC)
        self.use(engine)

    def use(self, engine: sa.Engine, **more: str) -> None:
        """The commands work on this database from now on."""
        chosen = {
            "DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEYS": SECRET,
            "FOTO_MAP": str(self.folder / "fotos"),
            "BACKUP_MAP": str(self.folder / "kopie"),
            "LOKALE_MODUS": "1",
        }
        for name, value in (chosen | more).items():
            self._environ(name, value)

    def run(self, *words: str) -> Result:
        """What one command did and said."""
        self.engine.dispose()  # nobody else may hold the database
        return CliRunner().invoke(main, list(words))

    def melding(self) -> Melding:
        """One with a person, words and files everywhere."""
        with db.transaction(self.engine) as session:
            made = factories.melding(session, now=self.now, contact=CONTACT)
            fill(session, made, self.agent.account_id or 0, self.now, store=self.store)
            return made

    @property
    def place(self) -> backup.Place:
        return backup.Place(self.folder / "kopie", (SECRET,))

    def make(self, store: Any = None) -> str:
        """The name of a new back-up."""
        name, _ = backup.make_backup(
            self.engine, store or self.store, self.place, release="0", now=self.now, progress=quiet
        )
        self.now += timedelta(hours=1)
        return name


@pytest.fixture
def town(committed_engine: sa.Engine, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Town:
    return Town(committed_engine, tmp_path, now, monkeypatch.setenv)


@pytest.fixture
def empty(maintenance: sa.Engine, committed_engine: sa.Engine) -> Iterator[sa.Engine]:
    """A new database with nothing in it."""
    name = f"{committed_engine.url.database}_leeg"
    with maintenance.connect() as server:
        server.execute(sa.text(f'create database "{name}"'))
    engine = sa.create_engine(committed_engine.url.set(database=name), poolclass=sa.NullPool)
    yield engine
    with maintenance.connect() as server:
        drop_database(server, name)


def files(store: PhotoStore) -> dict[str, bytes]:
    return {file.key: store.get(file.key) for file in store.listing() if not file.key.startswith("wissen/")}


@pytest.mark.parametrize("sealed", [True, False], ids=["versleuteld", "open"])
def test_it_comes_back_as_it_was(town: Town, empty: sa.Engine, sealed: bool) -> None:
    """On another machine: a new database and an empty photo store."""
    words: list[str] = []
    if sealed:
        secret = town.run("backup", "sleutel").output
        (town.folder / "sleutel").write_text(secret)
        (found,) = re.findall(r"age1[0-9a-z]+", secret)
        town.use(town.engine, BACKUP_ONTVANGERS=found)
        words = ["--sleutel", str(town.folder / "sleutel")]
    first = town.melding()
    before, token = files(town.store), tokens.make_token([SECRET], first.id, first.token_generation)
    assert len(before) >= 4
    made = town.run("backup")
    assert made.exit_code == 0, made.output
    assert "1 meldingen, " in made.output and ("versleuteld voor 1" in made.output) is sealed
    kept = [path.read_bytes() for path in (town.folder / "kopie").rglob("*") if path.is_file()]
    assert any(b"PGDMP" in content for content in kept) is not sealed
    assert town.run("backup", "controleer").output.endswith(" is heel.\n")

    town.use(empty, FOTO_MAP=str(town.folder / "nieuw"))
    if sealed:
        assert "is versleuteld" in town.run("restore").output
    put = town.run("restore", *words)
    assert put.exit_code == 0, put.output
    assert files(FileStore(town.folder / "nieuw")) == before
    with Session(empty) as session:
        again = session.scalars(sa.select(Melding)).one()
        claimed = tokens.read_token(token)
        assert again.number == first.number and claimed is not None
        assert tokens.verify_token([SECRET], claimed, again.token_generation), "the link in old messages still works"
        assert session.scalars(sa.select(Contact.email)).one() == CONTACT["email"]
    assert "is niet leeg" in town.run("restore", *words).output


def test_photos_in_a_bucket_come_back_too(town: Town, empty: sa.Engine) -> None:
    """From a bucket, and after a loss of all of it into a bucket again; the copies lie on a disk of our own."""
    with s3_server() as cloud:
        cloud.page_size = 2  # a list of many pages
        town.store = S3Store(bucket=BUCKET, endpoint=cloud.endpoint, access_key=ACCESS_KEY, secret_key="geheim")
        bucket = {
            "S3_BUCKET": BUCKET, "S3_ENDPOINT": cloud.endpoint, "S3_ACCESS_KEY": ACCESS_KEY, "S3_SECRET_KEY": "geheim"
        }  # fmt: skip
        town.use(town.engine, **bucket)
        first = town.melding()
        before = files(town.store)
        assert len(before) >= 4
        made = town.run("backup")
        assert made.exit_code == 0, made.output
        assert town.run("backup", "controleer").output.endswith(" is heel.\n")
        cloud.files.clear()
        town.use(empty, **bucket)
        put = town.run("restore")
        assert put.exit_code == 0, put.output
        assert files(town.store) == before
        assert not (town.folder / "fotos").exists(), "nothing went to a folder"
        with Session(empty) as session:
            assert session.scalars(sa.select(Melding.number)).all() == [first.number]


def test_what_happened_after_the_backup_harms_nobody(town: Town) -> None:
    """Restored over the database of today: numbers, ids, erasures, sessions and berichten."""
    stays, erased = town.melding(), town.melding()
    with db.transaction(town.engine) as session:
        session.add(
            StaffSession(account_id=town.agent.account_id, secret_hash=b"x" * 32, device="", created_at=town.now,
                         expires_at=town.now + timedelta(days=9))
        )  # fmt: skip
        due = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.NOTICE.value)).all()
        due[0].lease, due[0].lease_until = sa.func.gen_random_uuid(), town.now  # type: ignore[assignment]
        owed = {entry.id for entry in due}
    assert len(owed) >= 2
    assert town.run("backup").exit_code == 0
    given_out = [town.melding() for _ in range(3)]
    with db.transaction(town.engine) as session:
        erasure.erase_melder(session, erased.id, scope=[town.home.id], actor=SYSTEM, now=town.now)
        task = OutboxEntry.payload["task"].astext == "after_erasure"
        restore.clean_up(town.store, session.scalars(sa.select(OutboxEntry).where(task)).one().payload)
    put = town.run("restore", "--overschrijf")
    assert put.exit_code == 0, put.output
    assert "1 gewist" in put.output
    with Session(town.engine) as session:
        assert {m.id for m in session.scalars(sa.select(Melding))} == {stays.id, erased.id}
        assert session.get_one(Melding, erased.id).erased_at is not None
        assert set(session.scalars(sa.select(Contact.melding_id))) == {stays.id}
        assert session.scalars(sa.select(StaffSession)).all() == []
        parked = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.parked_at.is_not(None))).all()
        assert {entry.id for entry in parked} >= owed and {entry.reason for entry in parked} == {put_back.HELD}
        assert session.scalar(sa.select(sa.func.count()).where(OutboxEntry.lease.is_not(None))) == 0
    following = town.melding()
    assert following.id > max(one.id for one in given_out), "an old follow link must not open another melding"
    assert following.number not in {one.number for one in given_out}
    assert int(following.number[2:9]) >= 10_000

    waiting = town.run("restore", "nawerk").output.splitlines()
    open_ones = [entry for entry in parked if entry.done_at is None]
    assert waiting[-1] == f"{len(open_ones)} wachten." and any(stays.number in line for line in waiting)
    first = min(entry.id for entry in open_ones)
    assert town.run("restore", "nawerk", "--verstuur", str(first)).output == "1 worden verstuurd.\n"
    assert town.run("restore", "nawerk", "--vervallen", "--alle").output == f"{len(open_ones) - 1} vervallen.\n"
    with Session(town.engine) as session:
        assert session.get_one(OutboxEntry, first).parked_at is None
        assert set(session.scalars(sa.select(Notice.ended))) >= {"vervallen"}
    assert town.run("restore", "nawerk").output == "0 wachten.\n"
    after = town.run("restore", "bijwerken", "--moment", f"{datetime.now():%Y-%m-%dT%H:%M}")
    assert after.exit_code == 0 and re.search(r"verder bij \d{10}; 0 keer opnieuw gewist; \d+ berichten", after.output)


def test_the_second_one_copies_only_what_is_new_and_old_ones_go(town: Town) -> None:
    town.melding()
    first = town.make()
    pool = town.folder / "kopie" / "fotos"
    copied = {path: path.stat().st_mtime_ns for path in pool.rglob("*") if path.is_file()}
    gone = town.melding()
    second = town.make()
    assert all(path.stat().st_mtime_ns == at for path, at in copied.items())
    mine = {path for path in pool.rglob("*") if path.is_file()} - set(copied)
    assert mine
    with db.transaction(town.engine) as session:
        session.execute(sa.delete(Photo).where(Photo.melding_id == gone.id))
    third = town.make()
    assert backup.tidy(town.place, keep=2) == [first] and all(path.is_file() for path in copied)
    assert backup.tidy(town.place, keep=1) == [second] and town.place.names() == [third]
    backup.check_backup(town.place, third, deep=True, progress=quiet)
    assert not all(path.exists() for path in mine), "what only old ones needed is gone too"


def test_a_killed_one_never_looks_whole(town: Town) -> None:
    town.melding()

    class Dying(MemoryStore):
        def get(self, key: str) -> bytes:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        town.make(Dying())
    assert town.place.names() == [] and "Er is geen back-up" in town.run("backup", "controleer").output
    away = MemoryStore()
    away.down = True
    with pytest.raises(TemporaryFailure):
        town.make(away)
    halves = list((town.folder / "kopie").glob(".half-*"))
    assert len(halves) == 2 and town.place.names() == []
    name = town.make()
    backup.tidy(town.place, keep=0)
    assert town.place.names() == [name] and not any(half.exists() for half in halves)


def test_what_was_tampered_with_is_refused_before_anything_is_touched(town: Town) -> None:
    town.melding()
    folder = town.folder / "kopie" / town.make()
    photo = next(one for one in (town.folder / "kopie" / "fotos").rglob("*") if one.is_file())
    for path in (folder / "database.dump", folder / "fotos.jsonl", folder / "manifest.json", photo):
        whole = path.read_bytes()
        if path.name == "manifest.json":
            facts = json.loads(whole)
            path.write_text(json.dumps(facts | {"lost": facts["lost"] + 1}))
        else:
            changed = bytearray(whole)
            changed[len(changed) // 2] ^= 1
            path.write_bytes(changed)
        put = town.run("restore", "--overschrijf")
        assert put.exit_code == 1 and put.output.count("Error:") == 1, path
        path.write_bytes(whole)
    photo.unlink()
    assert "ontbreekt" in town.run("restore", "--overschrijf", "--vlug").output
    with Session(town.engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Melding)) == 1


def test_a_photo_processed_during_the_backup_is_not_lost(town: Town) -> None:
    """Its row of the snapshot knows an upload that is gone when the files are copied."""
    with db.transaction(town.engine) as session:
        melding = factories.melding(session, now=town.now)
        session.add(
            Photo(gemeente_id=town.home.id, public_id="aa", melding_id=melding.id, kind="melder", sha256=b"1",
                  size_bytes=1, status=ONTVANGEN, upload_key=f"upload/{town.home.id}/aa", received_at=town.now)
        )  # fmt: skip
    for size in ("klein", "groot"):
        town.store.put(f"{size}/{town.home.id}/aa.jpg", photo())
    name = town.make()
    listed = (town.place.folder / name / "fotos.jsonl").read_text()
    assert f"klein/{town.home.id}/aa.jpg" in listed and f"groot/{town.home.id}/aa.jpg" in listed
    with Session(town.engine) as session:
        photo_id = session.scalars(sa.select(Photo.id)).one()
    process_photo(town.engine, town.store, {"photo_id": photo_id, "gemeente_id": town.home.id}, now=town.now)
    with Session(town.engine) as session:
        assert session.get_one(Photo, photo_id).status == KLAAR


def test_one_at_a_time_and_not_beside_a_running_site(town: Town) -> None:
    town.make()
    with backup._alone(town.place.folder), pytest.raises(BadBackup, match="loopt al"):
        town.make()
    with town.engine.connect():
        held = CliRunner().invoke(main, ["restore", "--overschrijf"])
    assert held.exit_code == 1 and "Stop eerst" in held.output


def test_only_the_list_of_erasures(town: Town) -> None:
    line = {"melding_id": 1, "number": "2600000019", "what": "gewist", "at": town.now.isoformat()}
    restore.write_lines(town.store, town.home.id, [line])
    assert town.run("backup", "--alleen-wislijst").output == "1 bestanden met wat is gewist.\n"
    elsewhere = MemoryStore()
    put_back.backup_photos.return_folder(elsewhere, "wissen", [town.place.folder / "fotos"], sealing=sealing.Plain())
    assert [found for _, found in restore.read_lines(elsewhere, scope=[town.home.id])] == [line]


def test_a_dump_that_fails_leaves_none(town: Town) -> None:
    wrong = db.make_engine(town.engine.url.set(password="fout").render_as_string(hide_password=False))
    with pytest.raises(PermanentFailure, match="pg_dump: "):
        backup._dump(wrong, town.folder, "0-0-1", 15, sealing.Plain())
    with pytest.raises(PermanentFailure, match="postgresql-client-99"):
        backup._dump(town.engine, town.folder, "0-0-1", 99, sealing.Plain())
    assert list(town.folder.glob("database*")) == []
