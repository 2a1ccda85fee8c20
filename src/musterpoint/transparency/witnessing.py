"""What a witness does with a request (C2SP tlog-witness), over a network or on a stick: the same bytes.

Guarantee: what a witness answers with 200 continues everything that it has answered with 200 before. It
rests on the store, which lets one request at a time see and replace the latest checkpoint of a log, and
keeps the new one before the answer is given.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from musterpoint.errors import LogFormatError, NotProven
from musterpoint.transparency.checkpoints import Checkpoint, checkpoint_of, parse_size
from musterpoint.transparency.note_keys import NoteKey, NoteSigner, valid_signatures
from musterpoint.transparency.notes import NOTE_BYTES_MAX, Note, parse_note
from musterpoint.transparency.proof_files import PROOF_HASHES_MAX, hash_lines, parse_hash_lines
from musterpoint.transparency.proofs import verify_consistency

REQUEST_BYTES_MAX: Final = NOTE_BYTES_MAX + 64 * 64
"""Bytes of a request: a note, and at most 63 hashes in base64."""

TEXT: Final = "text/plain; charset=utf-8"
"""Content type of everything but sizes."""

SIZE_TEXT: Final = "text/x.tlog.size"
"""Content type of the size that a witness has cosigned last."""


@dataclass(frozen=True, slots=True)
class WitnessRequest:
    """A checkpoint, and the proof that it continues an earlier one.

    old  size of the earlier one, which the witness cosigned last; 0 where there is none
    """

    old: int
    proof: tuple[bytes, ...]
    checkpoint: Note

    def to_bytes(self) -> bytes:
        """The body of a POST, and the file on a stick."""
        lines = (f"old {self.old}", *hash_lines(self.proof), "")
        return "".join([f"{line}\n" for line in lines]).encode() + self.checkpoint.to_bytes()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a witness answers.

    status  of HTTP: 200, or why not
    """

    status: int
    body: bytes
    content_type: str = TEXT


class Record(Protocol):
    """The latest checkpoint of one log that was cosigned here, while nobody else can replace it."""

    def latest(self) -> bytes | None:
        """The signed note, or None where none was cosigned."""
        ...

    def replace(self, note: bytes) -> None:
        """Keep another one, lastingly, before this returns."""
        ...


class WitnessStore(Protocol):
    """Where a witness keeps what it has cosigned."""

    def held(self, origin: str) -> AbstractContextManager[Record]:
        """The record of one log, for one request at a time, across threads and processes."""
        ...

    def published(self, origin_digest: str) -> bytes | None:
        """The latest cosigned checkpoint by the digest of the log's origin, see `origin_digest`."""
        ...


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: its keys, the logs that it knows, and its memory.

    signers  one, or one of each algorithm
    logs     keys whose names are origins
    """

    signers: tuple[NoteSigner, ...]
    logs: tuple[NoteKey, ...]
    store: WitnessStore

    def add_checkpoint(self, body: bytes, seconds: int) -> Answer:
        """Verify a request, cosign and remember its checkpoint, or say why not. Never raises for the body.

        seconds  POSIX time of the cosignature
        """
        try:
            request = parse_request(body)
            checkpoint = checkpoint_of(request.checkpoint.text)
        except LogFormatError as error:
            return _refusal(400, error.found)
        keys = tuple([key for key in self.logs if key.name == checkpoint.origin])
        if not keys:
            return _refusal(404, "this log is not known here")
        try:
            valid_signatures(request.checkpoint, keys)
        except NotProven as error:
            return _refusal(403, error.found)
        if request.old > checkpoint.size:
            return _refusal(400, "the old size is beyond the checkpoint")
        with self.store.held(checkpoint.origin) as record:
            return self._decide(request, checkpoint, record, seconds)

    def _decide(
        self, request: WitnessRequest, checkpoint: Checkpoint, record: Record, seconds: int
    ) -> Answer:
        stored = record.latest()
        latest = checkpoint_of(parse_note(stored).text) if stored else None
        if request.old != (latest.size if latest else 0):
            return Answer(409, f"{latest.size if latest else 0}\n".encode(), SIZE_TEXT)
        try:
            _insist_on_continuing(latest, checkpoint, request.proof)
        except NotProven as error:
            return _refusal(422, error.found)
        made = [one.sign(request.checkpoint.text, seconds) for one in self.signers]
        ours = {one.name for one in self.logs}
        kept = [one for one in request.checkpoint.signatures if one.name in ours]
        record.replace(Note(request.checkpoint.text, (*kept, *made)).to_bytes())
        return Answer(200, "".join([one.line for one in made]).encode())


def parse_request(body: bytes) -> WitnessRequest:
    """The request in these bytes. Raises LogFormatError."""
    head, parting, note = body.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if len(body) > REQUEST_BYTES_MAX or not parting or len(lines) > PROOF_HASHES_MAX + 1:
        raise _refused("a request that is too large, or has no checkpoint")
    if not lines[0].startswith("old "):
        raise _refused("no line with the old size")
    old = parse_size(lines[0][len("old ") :])
    return WitnessRequest(old, parse_hash_lines(lines[1:]), parse_note(note))


def origin_digest(origin: str) -> str:
    """SHA-256 of an origin in lower-case hexadecimal: its name in addresses and folders."""
    return sha256(origin.encode()).hexdigest()


def _insist_on_continuing(latest: Checkpoint | None, new: Checkpoint, proof: tuple[bytes, ...]) -> None:
    if latest is not None and latest.size:
        verify_consistency(latest.size, new.size, proof, latest.root, new.root)
    elif proof:
        raise NotProven(
            expected="no proof, since there is nothing to prove",
            found="a proof for the old size 0",
            hint="Leave the proof out",
            where="request",
        )


def _refusal(status: int, reason: str) -> Answer:
    return Answer(status, f"{reason}\n".encode())


def _refused(found: str) -> LogFormatError:
    return LogFormatError(
        expected="the old size, a proof, an empty line and a checkpoint (C2SP tlog-witness)",
        found=found,
        hint="Make the request with musterpoint log request",
        where="request",
    )
