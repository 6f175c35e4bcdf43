"""A small S3 for tests: the real protocol over HTTP on the loopback, for one bucket, in memory.

It speaks PUT, GET, DELETE and ListObjectsV2 as Amazon documents them, checks the access key and Content-MD5,
and can be told to misbehave. It does not check signatures, versions, multipart uploads or access rules.
"""

import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "fotos"
ACCESS_KEY = "sleutel"


@dataclass
class S3Server:
    """One running server: its address, what it keeps, and how it should misbehave."""

    endpoint: str = ""
    files: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    refuse_with: tuple[int, str] | None = None
    wait_s: float = 0.0
    drip_s: float = 0.0
    cut_after: int | None = None
    page_size: int = 1000
    requests: list[str] = field(default_factory=list)


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run a server for the length of the block."""
    state = S3Server()

    class Handler(_Handler):
        server_state = state

    server = _Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is part of the tests, no reason to print a traceback."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: S3Server

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test output quiet."""

    def do_GET(self) -> None:
        if not self._may_go_on():
            return
        key, query = self._key(), parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._list(query)
        elif key in self.server_state.files:
            self._answer(200, self.server_state.files[key][0])
        else:
            self._refuse(404, "NoSuchKey")

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self._may_go_on():
            return
        digest = b64encode(md5(body, usedforsecurity=False).digest()).decode()
        if self.headers["Content-MD5"] != digest:
            self._refuse(400, "BadDigest")
            return
        self.server_state.files[self._key()] = (body, datetime.now(UTC))
        self._answer(200, b"")

    def do_DELETE(self) -> None:
        if self._may_go_on():
            self.server_state.files.pop(self._key(), None)
            self._answer(204, b"")

    def _list(self, query: dict[str, list[str]]) -> None:
        prefix, after = query.get("prefix", [""])[0], query.get("continuation-token", [""])[0]
        size = min(int(query.get("max-keys", ["1000"])[0]), self.server_state.page_size)
        found = sorted(key for key in self.server_state.files if key.startswith(prefix) and key > after)
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key>"
            f"<LastModified>{self.server_state.files[key][1]:%Y-%m-%dT%H:%M:%S.000Z}</LastModified>"
            f"<Size>{len(self.server_state.files[key][0])}</Size></Contents>"
            for key in found[:size]
        )
        more = len(found) > size
        token = f"<NextContinuationToken>{escape(found[size - 1])}</NextContinuationToken>" if more else ""
        self._answer(
            200,
            f"<ListBucketResult><IsTruncated>{str(more).lower()}</IsTruncated>{items}{token}"
            "</ListBucketResult>".encode(),
        )

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}").removeprefix("/")

    def _may_go_on(self) -> bool:
        state = self.server_state
        state.requests.append(f"{self.command} {self.path}")
        time.sleep(state.wait_s)
        if state.refuse_with:
            self._refuse(*state.refuse_with)
        elif f"Credential={ACCESS_KEY}/" not in self.headers.get("Authorization", ""):
            self._refuse(403, "InvalidAccessKeyId")
        elif not urlsplit(self.path).path.startswith(f"/{BUCKET}"):
            self._refuse(404, "NoSuchBucket")
        else:
            return True
        return False

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>nee</Message></Error>".encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server_state.cut_after is not None:
            body = body[: self.server_state.cut_after]
            self.close_connection = True
        if self.command != "HEAD" and not self.server_state.drip_s:
            self.wfile.write(body)
        elif self.command != "HEAD":
            self._drip(body)

    def _drip(self, body: bytes) -> None:
        """A byte at a time, until told otherwise."""
        for at in range(len(body)):
            self.wfile.write(body[at : at + 1])
            time.sleep(self.server_state.drip_s)
