"""Policies (C2SP tlog-policy): which logs are trusted, and how many of which witnesses must have cosigned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from musterpoint.errors import LogFormatError, NotProven
from musterpoint.transparency.checkpoints import Checkpoint, checkpoint_of
from musterpoint.transparency.note_keys import KeyKind, NoteKey, parse_vkey, valid_signatures
from musterpoint.transparency.notes import Note

POLICY_BYTES_MAX: Final = 256 * 1024
"""Bytes of a policy: keys of ML-DSA-44 have 1,312 each."""

NAMES_MAX: Final = 128
"""Logs, witnesses and groups of a policy together: the specification asks for 32 of each."""

NO_QUORUM: Final = "none"
"""The quorum that asks for no witness at all."""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses or groups, of which so many must have cosigned."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a policy says of a signed checkpoint that it accepts.

    witnesses  names of those that have cosigned, with the POSIX seconds at which they did
    """

    checkpoint: Checkpoint
    witnesses: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Policy:
    """Trusted logs, known witnesses, and the quorum.

    quorum  a witness, a group, or `none`
    """

    logs: tuple[NoteKey, ...] = ()
    witnesses: Mapping[str, NoteKey] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NO_QUORUM

    def accept(self, note: Note) -> Standing:
        """Insist that a checkpoint is signed by a trusted log and cosigned by the quorum.

        Raises NotProven, LogFormatError where the note is no checkpoint.
        """
        checkpoint = checkpoint_of(note.text)
        logs = tuple([key for key in self.logs if key.name == checkpoint.origin])
        valid = valid_signatures(note, (*logs, *self.witnesses.values())) if logs else {}
        if not any(key in valid for key in logs):
            raise _unsigned()
        seen = {name: valid[key] or 0 for name, key in self.witnesses.items() if key in valid}
        if not self._has_seen(self.quorum, frozenset(seen)):
            raise NotProven(
                expected="cosignatures by the witnesses that the policy asks for",
                found="fewer",
                hint="Ask the witnesses to cosign, and see that they agree on one history",
                where="checkpoint",
            )
        return Standing(checkpoint, seen)

    def _has_seen(self, name: str, seen: frozenset[str]) -> bool:
        if name == NO_QUORUM or name in seen:
            return True
        group = self.groups.get(name)
        return group is not None and sum(self._has_seen(one, seen) for one in group.members) >= group.needed

    def to_bytes(self) -> bytes:
        """The policy as a file."""
        lines = [f"log {key.vkey}" for key in self.logs]
        lines += [f"witness {name} {key.vkey}" for name, key in self.witnesses.items()]
        lines += [f"group {name} {one.needed} {' '.join(one.members)}" for name, one in self.groups.items()]
        return "".join([f"{line}\n" for line in (*lines, f"quorum {self.quorum}")]).encode()


def parse_policy(data: bytes) -> Policy:
    """The policy in a file. Raises LogFormatError, which names the line."""
    if len(data) > POLICY_BYTES_MAX:
        raise _refused(f"more than {POLICY_BYTES_MAX} bytes", 0)
    reading = _Reading()
    # Names are opaque octets: surrogates carry those that are no UTF-8.
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), start=1):
        items = line.replace("\t", " ").split(" ")
        items = [item for item in items if item]
        if any(ord(one) < 0x20 or ord(one) == 0x7F for one in line.replace("\t", " ")):
            raise _refused("control characters", number)
        if items and not items[0].startswith("#"):
            reading.take(items, number)
    if reading.quorum is None:
        raise _refused("no line with the quorum", 0)
    return Policy(reading.logs, reading.witnesses, reading.groups, reading.quorum)


class _Reading:
    """What the lines of a policy have said so far."""

    def __init__(self) -> None:
        self.logs: tuple[NoteKey, ...] = ()
        self.witnesses: dict[str, NoteKey] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._grouped: set[str] = set()

    def take(self, items: list[str], number: int) -> None:
        """Take in one line. Raises LogFormatError."""
        if len(self.logs) + len(self.witnesses) + len(self.groups) >= NAMES_MAX and items[0] != "quorum":
            raise _refused(f"more than {NAMES_MAX} names", number)
        match items:
            case ["log", vkey] | ["log", vkey, _]:
                self.logs += (self._fresh_key(vkey, self.logs, number),)
            case ["witness", name, vkey] | ["witness", name, vkey, _]:
                key = self._fresh_key(vkey, tuple(self.witnesses.values()), number)
                if key.kind is KeyKind.ED25519:
                    raise _refused("the key of a log as that of a witness", number)
                self.witnesses[self._fresh_name(name, number)] = key
            case ["group", name, needed, *members] if members:
                group = Group(self._needed(needed, len(members), number), tuple(members))
                self._insist_on_new_members(members, number)
                self.groups[self._fresh_name(name, number)] = group
            case ["quorum", name] if self.quorum is None:
                if name != NO_QUORUM and not self._is_defined(name):
                    raise _refused("a quorum that no line before defines", number)
                self.quorum = name
            case _:
                raise _refused("a line of another form", number)

    def _fresh_key(self, vkey: str, known: tuple[NoteKey, ...], number: int) -> NoteKey:
        try:
            key = parse_vkey(vkey)
        except LogFormatError as error:
            raise _refused(error.found, number) from None
        if any(key.public == one.public for one in known):
            raise _refused("a key that another line has", number)
        return key

    def _is_defined(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _fresh_name(self, name: str, number: int) -> str:
        if name == NO_QUORUM or self._is_defined(name):
            raise _refused("a name that is taken", number)
        return name

    def _needed(self, text: str, count: int, number: int) -> int:
        needed = {"any": 1, "all": count}.get(text)
        if needed is None:
            needed = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
        if not 1 <= needed <= count:
            raise _refused("a number of members that the group does not have", number)
        return needed

    def _insist_on_new_members(self, members: list[str], number: int) -> None:
        # Each witness counts once, in one way.
        for member in members:
            if not self._is_defined(member) or member in self._grouped:
                raise _refused("a member that no line before defines, or that is in a group already", number)
            self._grouped.add(member)


def _unsigned() -> NotProven:
    return NotProven(
        expected="a checkpoint signed by a log that the policy names",
        found="one that is not",
        hint="Check that the policy names the log with this origin",
        where="checkpoint",
    )


def _refused(found: str, line: int) -> LogFormatError:
    return LogFormatError(
        expected="lines of logs, witnesses, groups and one quorum (C2SP tlog-policy)",
        found=found,
        hint="Correct the policy file",
        where=f"policy, line {line}" if line else "policy",
    )
