"""The least a WSGI server can do, under the server of `meldingen serve`: `python -m bench.snel.hello PORT 2 8`."""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from meldingen.server import serve

BODY = b'{"hallo": "wereld"}'


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A fixed answer."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))])
    return [BODY]


if __name__ == "__main__":
    port, processes, threads = map(int, sys.argv[1:4])
    serve("bench.snel.hello:app", port=port, processes=processes, threads=threads)
