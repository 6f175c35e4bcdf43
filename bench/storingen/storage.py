"""The faults of photo storage: a disk that is really full, and an S3 that drips. Photos of meldingen come along.

The disk is a small tmpfs of our own where we may mount one (root); elsewhere the website gets a limit on the size of
what it writes, which fails in the same place with another word.
"""

import contextlib
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.chaos.ground import SITE
from meldingen.adapters.storage import ROOM_BYTES
from tests.adapters.s3_server import ACCESS_KEY, BUCKET, S3Server
from tests.photos import photo

from .melders import Report, Wish
from .scene import Fault, Scene

DISK_BYTES = 2 * ROOM_BYTES
DRIP_S = 2.0
UNFINISHED = "select count(*) from photo where status = 'ontvangen'"
ASKS_AGAIN = "+1m"
"""A photo asks again after a while of business time."""
WITH_PHOTO = Wish(photo=photo(size=(640, 480)))


@contextlib.contextmanager
def small_disk() -> Iterator[Path]:
    """A folder that is a small disk for the length of the block; where we may not mount one, a folder."""
    with tempfile.TemporaryDirectory(prefix="storingen-") as folder:
        asked = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", folder]
        with contextlib.suppress(FileNotFoundError):
            subprocess.run(asked, capture_output=True, check=False)
        try:
            yield Path(folder)
        finally:
            if os.path.ismount(folder):
                subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def disk_full(scene: Scene) -> Iterator[None]:
    """Not a byte more fits where the photos go."""
    folder = Path(scene.ground.env["FOTO_MAP"])
    if not os.path.ismount(folder):
        with _write_limit(scene):
            yield
        return
    filler = folder / "vol"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (2**16, 1):  # the last bit, too: a small photo fits in little
                with contextlib.suppress(OSError):
                    while True:
                        file.write(b"\0" * size)
        yield
    finally:
        filler.unlink()


@contextlib.contextmanager
def _write_limit(scene: Scene) -> Iterator[None]:
    """The website may write no file of more than a byte."""
    pids = scene.ground.children(SITE)
    before = {pid: resource.prlimit(pid, resource.RLIMIT_FSIZE) for pid in pids}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


def photos_asked_again(scene: Scene, reports: list[Report]) -> list[str]:
    """Somebody was told to send a photo again, and each photo that was taken is ready."""
    wrong = []
    if not any(one.photo == "opnieuw_sturen" for one in reports):
        wrong.append("geen enkele foto werd geweigerd: de storing deed niets")
    if not scene.eventually(lambda: scene.ground.sql(UNFINISHED)[0] == "0", step=ASKS_AGAIN):
        wrong.append("foto's zijn aangenomen en niet klaar")
    return wrong


def settings_for(server: S3Server) -> dict[str, str]:
    """What leads an installation to this S3."""
    return {
        "S3_BUCKET": BUCKET,
        "S3_ENDPOINT": server.endpoint,
        "S3_ACCESS_KEY": ACCESS_KEY,
        "S3_SECRET_KEY": "geheim-van-de-storingsproef",
    }


@contextlib.contextmanager
def storage_drips(scene: Scene) -> Iterator[None]:
    """Every answer comes a byte at a time: no time-out of a connection ever strikes."""
    assert scene.outside.s3 is not None, "a fault that needs s3"
    scene.outside.s3.drip_s = DRIP_S
    try:
        yield
    finally:
        scene.outside.s3.drip_s = 0.0


FULL = Fault(
    "schijf vol (foto's)",
    disk_full,
    wish=WITH_PHOTO,
    short=True,
    check=photos_asked_again,
)
DRIPS = Fault(
    "opslag druppelt (S3)",
    storage_drips,
    lasts_s=25.0,
    wish=WITH_PHOTO,
    down=frozenset({"fotos"}),
    needs_s3=True,
    check=photos_asked_again,
)
