"""The registry's journal as a log for others: checkpoints, proofs, exports, and what witnesses say.

What is signed and cosigned lies in the folder `log` of the registry: all of it can be made again from the
journal, but for the cosignatures.

    origin             identifier of the station, and the name of its log
    checkpoint         the latest that was signed, with its cosignatures
    checkpoints/SIZE   those that were handed out
    witnesses          a policy with the witnesses whose cosignatures were added

A log never signs two histories: before it signs, the latest checkpoint has to be continued by the journal.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from musterpoint.errors import Conflict, Corrupt, LogFormatError, NotFound, NotProven
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot
from musterpoint.storage.locking import WriterLock
from musterpoint.storage.translation import translated
from musterpoint.transparency.checkpoints import Checkpoint, checkpoint_of
from musterpoint.transparency.events import entry_id
from musterpoint.transparency.note_keys import KeyKind, NoteKey, NoteSigner
from musterpoint.transparency.notes import Note, NoteSignature, is_key_name, parse_note, parse_signatures
from musterpoint.transparency.policies import Group, Policy, parse_policy
from musterpoint.transparency.proof_files import ProofFile
from musterpoint.transparency.proofs import consistency_proof, inclusion_proof, root_at
from musterpoint.transparency.witnessing import WitnessRequest
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.lasting_files import write_lasting

if TYPE_CHECKING:
    from musterpoint.workflows.station import Station

KEPT_MAX: Final = 100
"""Checkpoints that were handed out and may still come back with a cosignature."""

_ANY_WITNESS: Final = "any-witness"
_MLDSA44_INFO: Final = b"musterpoint/log/ml-dsa-44/v1"
_SIZE: Final = re.compile(rb"(?:0|[1-9][0-9]{0,18})\n")


@dataclass(frozen=True, slots=True)
class Books:
    """What is signed and cosigned, in its folder."""

    folder: Path

    def origin(self, station_id: str) -> str:
        """The name of the station's log: the one that was given, or one made of its identifier.

        After a restore the station is another one, and so is its log.
        """
        known, _, name = (self._read("origin") or b"").decode().strip().partition(" ")
        return name if name and known == station_id else f"musterpoint/{station_id}"

    def latest(self) -> Note | None:
        """The latest checkpoint that was signed."""
        data = self._read("checkpoint")
        return parse_note(data) if data else None

    def handed_out(self) -> list[Note]:
        """Checkpoints that others have, the newest first."""
        folder = self.folder / "checkpoints"
        with translated():
            names = sorted((one.name for one in folder.glob("[0-9]*")), key=int, reverse=True)
        return [parse_note(self._read(f"checkpoints/{name}") or b"") for name in names[:KEPT_MAX]]

    def witnesses(self) -> Policy:
        """The witnesses whose cosignatures were added."""
        return parse_policy(self._read("witnesses") or b"quorum none\n")

    def keep(self, note: Note, *, is_handed_out: bool) -> None:
        """Keep a checkpoint: as the latest, where it is that, and for whom it was handed out."""
        size = checkpoint_of(note.text).size
        latest = self.latest()
        if latest is None or checkpoint_of(latest.text).size <= size or _origin(latest) != _origin(note):
            self.write("checkpoint", note.to_bytes())
        if is_handed_out:
            self.write(f"checkpoints/{size}", note.to_bytes())

    def write(self, name: str, data: bytes) -> None:
        """Write a file, lastingly."""
        path = self.folder / name
        with translated():
            for one in (self.folder, path.parent):
                one.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_lasting(path, data)

    def _read(self, name: str) -> bytes | None:
        path = self.folder / name
        with translated():
            return path.read_bytes() if path.exists() else None


def signers_of(origin: str, private: Ed25519PrivateKey) -> tuple[NoteSigner, ...]:
    """Those who sign checkpoints: Ed25519, and ML-DSA-44 where the library offers it.

    The second key is made of the seed of the first. Whoever breaks Ed25519 finds its scalar, not the
    seed, of which the scalar is a hash; so the second signature holds although there is one secret.
    """
    first = NoteSigner.of(origin, KeyKind.ED25519, private)
    seed = HKDF(SHA256(), 32, salt=None, info=_MLDSA44_INFO).derive(private.private_bytes_raw())
    try:
        second = MLDSA44PrivateKey.from_seed_bytes(seed)
    except UnsupportedAlgorithm:
        return (first,)
    return first, NoteSigner.of(origin, KeyKind.MLDSA44_COSIGNATURE, second)


def log_keys(station: Station) -> tuple[NoteKey, ...]:
    """The keys by which others know this log."""
    return tuple([one.key for one in _signers(station)])


def name_log(station: Station, origin: str) -> None:
    """Give the log a name of its own, before anything is signed. Raises Conflict, LogFormatError."""
    if not is_key_name(origin):
        raise LogFormatError(
            expected="a name without spaces and plus signs, such as log.example/movement-1",
            found="another text",
            hint="Name the log by an address of yours, which need not exist",
            where="--origin",
        )
    with _books(station) as books:
        latest = books.latest()
        if latest is not None and _origin(latest) == books.origin(_station_id(station)) != origin:
            raise Conflict(
                expected="the name that the log has",
                found="another name",
                hint="What was signed keeps its name; go on without --origin",
                where="--origin",
            )
        books.write("origin", f"{_station_id(station)} {origin}\n".encode())


def sign_checkpoint(station: Station) -> Note:
    """The signed state of the log as it is now; the one that is there, if nothing was added since.

    Raises Corrupt where the journal does not continue what was signed before: it was put back or changed.
    """
    with _books(station) as books, station.database.read() as snapshot:
        return _signed(station, books, snapshot)


def checkpoint(station: Station) -> Note:
    """The same for whoever may export the log. Raises Refused."""
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.EXPORT_LOG)
    return sign_checkpoint(station)


def position_of(station: Station, text: str) -> int:
    """The position of a line of the journal, by the number or by the identifier of its event.

    It takes the right to export the log: who sees the journal with limits does not learn positions.

    Raises NotFound, and what `authorise` raises.
    """
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.EXPORT_LOG)
        size = snapshot.log_size()
        if text.isascii() and text.isdecimal() and len(text) < 19 and 1 <= int(text) <= size:
            return int(text)
        # Of so many identifiers some begin with decimal digits alone.
        if re.fullmatch("[0-9a-f]{8,64}", text):
            for position, entry in enumerate(snapshot.entries(0, size), start=1):
                if entry_id(entry).startswith(text):
                    return position
    raise NotFound(
        expected="a position of the journal, or the identifier of an event",
        found="a number or text that names no entry of this log",
        hint="List what there is with musterpoint journal",
        where="log",
    )


def proof_of(station: Station, position: int, *, is_last: bool = False) -> ProofFile:
    """That a line of the journal is in the log, with its entry, for whoever shall have it.

    It rests on the newest checkpoint with a cosignature that has the line, else on the present one.

    is_last  on the oldest with a cosignature, else on one that ends with the line: how many lines followed
             tells what came of it
    """
    with _books(station) as books, station.database.read() as snapshot:
        cosigned = _cosigned(books, _station_id(station))
        found = [one for one in cosigned if checkpoint_of(one.text).size >= position]
        cosigned_with_it = found[-1 if is_last else 0] if found else None
        note = cosigned_with_it or _signed(station, books, snapshot, position if is_last else None)
        _insist_on_continuing(snapshot, note)
        size, index = checkpoint_of(note.text).size, position - 1
        [entry] = snapshot.entries(index, position)
        return ProofFile(index, inclusion_proof(snapshot, index, size), note, entry)


def make_request(station: Station, old: int | None = None) -> WitnessRequest:
    """What a witness is asked to cosign: the present state.

    old  size that the witness cosigned last; by default that of the newest cosignature here

    Raises Refused, Conflict for a size that the log does not have.
    """
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.EXPORT_LOG)
    with _books(station) as books, station.database.read() as snapshot:
        note = _signed(station, books, snapshot)
        size = checkpoint_of(note.text).size
        if old is None:
            cosigned = _cosigned(books, _station_id(station))
            old = max((checkpoint_of(one.text).size for one in cosigned), default=0)
        if not 0 <= old <= size:
            raise Conflict(
                expected=f"a size from 0 to {size}",
                found=f"{old}",
                hint="If the witness has seen more than this log has, keep both and find out why",
                where="--old",
            )
        books.keep(note, is_handed_out=True)
        return WitnessRequest(old, consistency_proof(snapshot, old, size), note)


def add_cosignatures(station: Station, answer: bytes, witness: Sequence[NoteKey]) -> int:
    """Take in what a witness has answered; returns the size that it cosigned.

    witness  its keys, one of each algorithm

    Raises NotProven where it is no cosignature of a checkpoint from here, Conflict where the witness asks
    for another old size, LogFormatError.
    """
    if _SIZE.fullmatch(answer):
        raise Conflict(
            expected="cosignatures under the checkpoint that was asked for",
            found=f"the answer of a witness that has cosigned {answer.decode().strip()} entries before",
            hint=f"Make the request again with --old {answer.decode().strip()}",
            where="cosignatures",
        )
    signatures = parse_signatures(answer.decode("utf-8", "replace"))
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.EXPORT_LOG)
    with _books(station) as books:
        for note in books.handed_out():
            made = [one for one in signatures if any(_is_sound(key, note, one) for key in witness)]
            if made:
                books.keep(_with_latest(books, note).signed_by(*made), is_handed_out=True)
                _remember(books, [key for key in witness if any(map(key.is_of, made))])
                return checkpoint_of(note.text).size
    raise NotProven(
        expected="a cosignature by this witness under a checkpoint that was handed out",
        found="none",
        hint="Check that the key is the witness's, and that the answer is to a request of this log",
        where="cosignatures",
    )


def _is_sound(key: NoteKey, note: Note, signature: NoteSignature) -> bool:
    try:
        return key.is_of(signature) and key.verify(note.text, signature.signature) is not None
    except NotProven:
        return False


def policy_of(station: Station, note: Note) -> Policy:
    """The policy that goes with an export: this log, and the witnesses that are known here.

    It asks for one of the witnesses where one has cosigned this checkpoint.
    """
    with _books(station) as books:
        known = books.witnesses().witnesses
    has_any = any(key.is_of(one) for key in known.values() for one in note.signatures)
    groups = {_ANY_WITNESS: Group(1, tuple(known))} if has_any else {}
    return Policy(log_keys(station), known, groups, _ANY_WITNESS if has_any else "none")


def checkpoints_to_publish(station: Station, *, is_cosigned: bool) -> tuple[Note, list[Note]]:
    """The checkpoint to publish, and the earlier ones that others have.

    is_cosigned  publish up to the newest that has a cosignature. Raises NotFound where none has
    """
    with _books(station) as books, station.database.read() as snapshot:
        cosigned = _cosigned(books, _station_id(station))
        if is_cosigned and not cosigned:
            raise NotFound(
                expected="a checkpoint that a witness has cosigned",
                found="none",
                hint="Ask a witness first: musterpoint log request",
                where="log",
            )
        note = cosigned[0] if is_cosigned else _signed(station, books, snapshot)
        _insist_on_continuing(snapshot, note)
        books.keep(note, is_handed_out=True)
        size, origin = checkpoint_of(note.text).size, _origin(note)
        before = [one for one in books.handed_out() if _origin(one) == origin]
        return note, [one for one in before if checkpoint_of(one.text).size < size]


@contextmanager
def _books(station: Station) -> Iterator[Books]:
    """The books, while nobody else changes them."""
    books = Books(station.database.folder / "log")
    with translated():
        books.folder.mkdir(exist_ok=True, mode=0o700)
    with WriterLock(books.folder, name="log").held():
        yield books


def _station_id(station: Station) -> str:
    return station.database.vault.station_id().hex


def _signers(station: Station) -> tuple[NoteSigner, ...]:
    origin = Books(station.database.folder / "log").origin(_station_id(station))
    return signers_of(origin, station.database.vault.station_key())


def _origin(note: Note) -> str:
    return checkpoint_of(note.text).origin


def _signed(station: Station, books: Books, snapshot: Snapshot, size: int | None = None) -> Note:
    """The signed state of the log when it had so many lines; as it is now by default."""
    size, latest = snapshot.log_size() if size is None else size, books.latest()
    origin = books.origin(_station_id(station))
    if latest is not None and _origin(latest) == origin:
        _insist_on_continuing(snapshot, latest)
        if checkpoint_of(latest.text).size == size:
            return latest
    text = Checkpoint(origin, size, root_at(snapshot, size)).text
    seconds = station.clock.now() // 1_000_000
    note = Note(text).signed_by(*[one.sign(text, seconds) for one in _signers(station)])
    books.keep(note, is_handed_out=False)
    return note


def _insist_on_continuing(snapshot: Snapshot, note: Note) -> None:
    seen, size = checkpoint_of(note.text), snapshot.log_size()
    if seen.size > size or root_at(snapshot, seen.size) != seen.root:
        raise Corrupt(
            expected=f"a journal that continues the {seen.size} entries that were signed",
            found=f"{size} entries that do not",
            hint="Nothing is signed; keep the registry as it is, and restore the newest backup",
            where="transparency log",
        )


def _cosigned(books: Books, station_id: str) -> list[Note]:
    """Checkpoints of this log with a cosignature of a known witness, the newest first."""
    known, origin = books.witnesses().witnesses.values(), books.origin(station_id)
    return [
        note
        for note in books.handed_out()
        if _origin(note) == origin and any(key.is_of(one) for key in known for one in note.signatures)
    ]


def _with_latest(books: Books, note: Note) -> Note:
    """The note with what the latest checkpoint has too, where that is of the same tree."""
    latest = books.latest()
    return note.signed_by(*latest.signatures) if latest is not None and latest.text == note.text else note


def _remember(books: Books, keys: Sequence[NoteKey]) -> None:
    known = books.witnesses()
    witnesses = dict(known.witnesses)
    for key in keys:
        if key not in witnesses.values():
            witnesses[_name_of(key, witnesses)] = key
    if len(witnesses) > len(known.witnesses):
        books.write("witnesses", replace(known, witnesses=witnesses).to_bytes())


def _name_of(key: NoteKey, taken: Collection[str]) -> str:
    """The name of a witness's key in policies: the witness's own, unless another key has it."""
    name = f"{key.name}/ml-dsa-44" if key.kind is KeyKind.MLDSA44_COSIGNATURE else key.name
    is_free = name not in taken and name not in {"none", _ANY_WITNESS}
    return name if is_free else f"{name}#{key.key_id.hex()}"
