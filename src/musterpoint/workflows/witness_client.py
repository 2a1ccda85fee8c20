"""Asks a witness over HTTP for a cosignature (C2SP tlog-witness)."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from musterpoint.errors import NotProven, Unavailable, UnusableInput
from musterpoint.transparency.checkpoints import parse_size
from musterpoint.transparency.notes import NOTE_BYTES_MAX
from musterpoint.transparency.witnessing import SIZE_TEXT, TEXT, Answer
from musterpoint.workflows.transparency import make_request

if TYPE_CHECKING:
    from musterpoint.workflows.station import Station

WAIT_MAX_S: Final = 20.0
"""Seconds that an answer is waited for."""

_ANOTHER_HISTORY: Final = 422
"""C2SP tlog-witness: what was cosigned before is not proved to be the beginning of this log."""


def ask_for_cosignatures(station: Station, prefix: str) -> bytes:
    """The signature lines that a witness answers with; asks again where it has seen another size.

    prefix  the witness's submission prefix, such as http://127.0.0.1:8765

    Raises Refused, UnusableInput for another kind of address, Unavailable where nobody answers, NotProven
    where the witness refuses.
    """
    if urlsplit(prefix).scheme not in {"http", "https"}:
        raise UnusableInput(
            expected="an address that begins with https:// or http://",
            found="another text",
            hint="Give the submission prefix of the witness",
            where="--to",
        )
    answer = _post(prefix, make_request(station).to_bytes())
    if (seen := _size_seen(answer)) is not None:
        answer = _post(prefix, make_request(station, seen).to_bytes())
        if _size_seen(answer) == seen:
            # It has what it was asked to go on from, and of the same size another tree.
            answer = replace(answer, status=_ANOTHER_HISTORY)
    if answer.status == 200:
        return answer.body
    if answer.status >= 500:
        raise _unavailable(f"status {answer.status}")
    raise _refused(answer, prefix)


def _size_seen(answer: Answer) -> int | None:
    """The size that a witness has cosigned, where it says that it was asked for another."""
    if answer.status != 409 or answer.content_type != SIZE_TEXT:
        return None
    return parse_size(answer.body.decode("utf-8", "replace").strip())


def _refused(answer: Answer, prefix: str) -> NotProven:
    if answer.status == _ANOTHER_HISTORY:
        return NotProven(
            expected="a log that begins with what the witness has cosigned before",
            found="another history",
            hint="Let nobody rely on this log before it is known why there are two: ask the witness for the "
            "checkpoint that it has, and verify the exported log: python3 verifier.py LOG --earlier FILE",
            where=prefix,
        )
    return NotProven(
        expected="a witness that cosigns",
        found=f"a refusal: status {answer.status}, {answer.body[:80].decode('utf-8', 'replace').strip()}",
        hint="See that the witness knows this log and its keys",
        where=prefix,
    )


def _post(prefix: str, body: bytes) -> Answer:
    address = f"{prefix.rstrip('/')}/add-checkpoint"
    request = urllib.request.Request(address, body, {"Content-Type": TEXT}, method="POST")  # noqa: S310  checked
    try:
        with urllib.request.urlopen(request, timeout=WAIT_MAX_S) as found:  # noqa: S310  the scheme is checked
            return Answer(found.status, found.read(NOTE_BYTES_MAX), found.headers["Content-Type"] or "")
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, refusal.read(NOTE_BYTES_MAX), refusal.headers["Content-Type"] or "")
    except OSError as error:
        raise _unavailable("no answer") from error


def _unavailable(found: str) -> Unavailable:
    return Unavailable(
        expected="the answer of a witness",
        found=found,
        hint="Try again later, or carry the request on a stick: musterpoint log request",
        where="--to",
    )
