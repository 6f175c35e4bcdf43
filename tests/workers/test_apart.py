"""The picture of a stranger is made in another process: what becomes of that one, the worker survives."""

import os
import signal
import threading
from pathlib import Path

import pytest

from meldingen.adapters import images
from meldingen.adapters.images import LARGE, SMALL, PhotoRefused
from tests.photos import photo
from workers import apart


def test_the_pictures_are_those_of_the_library() -> None:
    data = photo("jpeg", (2000, 1500))
    assert apart.render(data) == images.render(data)
    assert set(apart.render(data)) == {LARGE, SMALL}


def test_what_is_no_photo_is_refused_with_its_reason() -> None:
    with pytest.raises(PhotoRefused) as refused:
        apart.render(photo()[:400])
    assert refused.value.code == "onvolledig" or refused.value.code == "onleesbaar"
    assert refused.value.detail
    with pytest.raises(PhotoRefused) as refused:
        apart.render(b"<svg/>")
    assert refused.value.code == "geen_foto"


def test_a_process_that_dies_is_told_and_takes_nobody_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "render", lambda data: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(apart.RenderDied):
        apart.render(photo())


def test_a_photo_that_wants_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(data: bytes) -> dict[int, bytes]:
        try:
            return {0: bytes(3 * 2**30)}
        except MemoryError as error:
            raise PhotoRefused("onleesbaar") from error

    monkeypatch.setattr(images, "render", hungry)
    with pytest.raises(PhotoRefused):
        apart.render(photo())


def children() -> set[str]:
    """The processes that this thread began and that are not gone; a browser of another test may be among them."""
    return set(Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split())


def test_a_time_out_ends_the_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    class TooLongError(Exception):
        pass

    def stop(*_: object) -> None:
        raise TooLongError

    monkeypatch.setattr(images, "render", lambda data: signal.pause())
    others = children()
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        with pytest.raises(TooLongError):
            apart.render(photo())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert children() <= others, "nobody is left"
