"""A witness behind HTTP: two addresses, small bodies, short waits.

    POST /add-checkpoint                     see C2SP tlog-witness
    GET  /<SHA-256 of the origin>/checkpoint the latest that was cosigned

It is bound to the loopback address unless told otherwise; encryption and rates belong to a proxy in front.
"""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from musterpoint.clock import Clock, SystemClock
from musterpoint.errors import MusterpointError, Unavailable
from musterpoint.transparency.witnessing import REQUEST_BYTES_MAX, Answer, Witness

LOOPBACK: Final = "127.0.0.1"
"""Where a witness listens if nobody says otherwise."""

WAIT_MAX_S: Final = 10.0
"""Seconds that a slow sender is waited for."""


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness until it is shut down."""

    daemon_threads = True

    def __init__(self, witness: Witness, address: tuple[str, int], clock: Clock | None = None) -> None:
        self.witness = witness
        self.clock = clock or SystemClock()
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    timeout = WAIT_MAX_S
    server_version = "musterpoint-witness"
    sys_version = ""

    def do_POST(self) -> None:
        """Take in a checkpoint."""
        if self.path != "/add-checkpoint":
            self._send(Answer(404, b"POST goes to /add-checkpoint\n"), closes=True)
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdecimal()) or "Transfer-Encoding" in self.headers:
            self._send(Answer(411, b"the length of the body is needed\n"), closes=True)
            return
        if len(length) > 9 or int(length) > REQUEST_BYTES_MAX:
            self._send(Answer(413, b"the body is too large\n"), closes=True)
            return
        body = self._body(int(length))
        if body is None:
            self.close_connection = True
            return
        try:
            answer = self.server.witness.add_checkpoint(body, self.server.clock.now() // 1_000_000)
        except Unavailable:
            answer = Answer(503, b"try again\n")
        except MusterpointError:
            # What it has cosigned last cannot be read: then nothing is cosigned.
            answer = Answer(500, b"this witness needs its keeper\n")
        self._send(answer)

    def _body(self, length: int) -> bytes | None:
        """The whole body, or None where it does not arrive in time."""
        deadline = time.monotonic() + WAIT_MAX_S
        parts: list[bytes] = []
        # Each single read has a timeout of its own; a sender of one byte at a time would never meet it.
        while length and time.monotonic() < deadline:
            try:
                part = self.rfile.read1(length)
            except TimeoutError:
                return None
            if not part:
                return None
            parts.append(part)
            length -= len(part)
        return None if length else b"".join(parts)

    def do_GET(self) -> None:
        """Show the latest cosigned checkpoint of a log."""
        digest, _, rest = self.path.removeprefix("/").partition("/")
        found = self.server.witness.store.published(digest) if rest == "checkpoint" else None
        self._send(Answer(200, found) if found else Answer(404, b"nothing was cosigned for it\n"))

    def _send(self, answer: Answer, *, closes: bool = False) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if closes:
            # The body was not read, so what follows would be taken for a request.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that http.server uses
        """Say nothing: who asked when is nobody's concern."""
