"""Makes the pictures of one photo in a process of its own: a stranger's file may take it along, and only it.

The worker keeps its connections, and what it knows of its statements; a work-horse per photo made all of these anew, at
twice the price of the pictures. Not for what a picture is (adapters/images.py), nor what comes of it (flow/photos.py).
"""

import json
import os
import resource
import signal
from typing import NoReturn

from meldingen.adapters import images
from meldingen.adapters.images import PhotoRefused

from .stopping import die_with_parent

LIMIT_S = 60
"""Processor time: as long as a photo's job may take (policy.py)."""


class RenderDied(Exception):
    """The process ended without an answer: killed, out of memory, or a library that fell over."""


def render(data: bytes) -> dict[int, bytes]:
    """As `images.render`. Raises PhotoRefused or RenderDied; what a signal raises here ends the other process."""
    reader, writer = os.pipe()
    here = os.getpid()
    child = os.fork()
    if child == 0:
        _work(data, writer, here)
    os.close(writer)
    try:
        with os.fdopen(reader, "rb") as answer:
            told = answer.read()
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        _, status = os.waitpid(child, 0)
    if status:
        raise RenderDied(f"status {os.waitstatus_to_exitcode(status)}")
    return _pictures(told)


def _work(data: bytes, writer: int, parent: int) -> NoReturn:
    """In the child: no connection of the parent is touched, and nothing runs at its end."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent(parent)
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
        images.limit_memory()
        with os.fdopen(writer, "wb") as answer:
            for part in _told(data):
                answer.write(part)
        code = 0
    finally:
        os._exit(code)


def _told(data: bytes) -> list[bytes]:
    """One line of JSON, then the bytes that it tells the number of."""
    try:
        made = images.render(data)
    except PhotoRefused as refused:
        return [json.dumps({"code": refused.code, "detail": refused.detail}).encode() + b"\n"]
    sizes = [[side, len(picture)] for side, picture in made.items()]
    return [json.dumps({"sizes": sizes}).encode() + b"\n", *made.values()]


def _pictures(told: bytes) -> dict[int, bytes]:
    line, _, rest = told.partition(b"\n")
    head = json.loads(line)
    if "code" in head:
        raise PhotoRefused(head["code"], head["detail"])
    made, at = {}, 0
    for side, length in head["sizes"]:
        made[side] = rest[at : at + length]
        at += length
    return made
