"""Proof files (C2SP tlog-proof): what a person, a driver or a party takes home."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from musterpoint.errors import LogFormatError
from musterpoint.transparency.checkpoints import checkpoint_of, parse_size
from musterpoint.transparency.hashing import HASH_BYTES, leaf_hash
from musterpoint.transparency.notes import NOTE_BYTES_MAX, Note, from_base64, parse_note
from musterpoint.transparency.policies import Policy, Standing
from musterpoint.transparency.proofs import verify_inclusion

PROOF_HASHES_MAX: Final = 63
"""Hashes of a proof: a tree has less than 2^63 leaves."""

EXTRA_BYTES_MAX: Final = 128 * 1024
"""Bytes of the extra data: an entry has at most 65,535."""

_HEADER: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class ProofFile:
    """That the entry with this index is in the log that the checkpoint speaks of.

    index       of the entry, from 0
    hashes      from the leaf's sibling up
    checkpoint  as the log signed it, with its cosignatures
    extra       the entry itself, or nothing; whoever reads it believes it only after `verify`
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Note
    extra: bytes = b""

    def to_bytes(self) -> bytes:
        """The file."""
        lines = [_HEADER]
        lines += [f"extra {b64encode(self.extra).decode()}"] if self.extra else []
        lines += [f"index {self.index}", *hash_lines(self.hashes), ""]
        return "".join([f"{line}\n" for line in lines]).encode() + self.checkpoint.to_bytes()

    def verify(self, entry: bytes, policy: Policy) -> Standing:
        """Insist that the entry is in a log that the policy accepts. Raises NotProven."""
        standing = policy.accept(self.checkpoint)
        seen = standing.checkpoint
        verify_inclusion(leaf_hash(entry), self.index, seen.size, self.hashes, seen.root)
        return standing


def parse_proof_file(data: bytes) -> ProofFile:
    """The proof in a file. Raises LogFormatError."""
    if len(data) > NOTE_BYTES_MAX + 2 * EXTRA_BYTES_MAX:
        raise _refused("a file that is too large")
    head, parting, note = data.partition(b"\n\n")
    lines = head.decode("utf-8", "replace").split("\n")
    if not parting or lines.pop(0) != _HEADER:
        raise _refused("another first line, or no checkpoint")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0)[len("extra ") :])
    if not lines or not lines[0].startswith("index "):
        raise _refused("no line with the index")
    index = parse_size(lines.pop(0)[len("index ") :])
    checkpoint = parse_note(note)
    if index >= checkpoint_of(checkpoint.text).size:
        raise _refused("an index beyond the checkpoint")
    return ProofFile(index, parse_hash_lines(lines), checkpoint, extra)


def hash_lines(hashes: Sequence[bytes]) -> list[str]:
    """Hashes in base64, one a line."""
    return [b64encode(one).decode() for one in hashes]


def parse_hash_lines(lines: Sequence[str]) -> tuple[bytes, ...]:
    """The hashes in lines of base64. Raises LogFormatError for other bytes, or more than a tree is high."""
    hashes = tuple([from_base64(line) for line in lines[: PROOF_HASHES_MAX + 1]])
    if len(hashes) > PROOF_HASHES_MAX or any(len(one) != HASH_BYTES for one in hashes):
        raise _refused("hashes of another length, or more than 63")
    return hashes


def _refused(found: str) -> LogFormatError:
    return LogFormatError(
        expected="a proof (C2SP tlog-proof)",
        found=found,
        hint="Ask for the file again; do not edit it",
        where="proof",
    )
