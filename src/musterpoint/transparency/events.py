"""Events: signed envelopes that say in clear only what folding by outsiders needs.

The two payloads enter by their commitments alone. Whoever erases a payload therefore breaks neither the
chain of its station, nor a signature, nor the log.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NoReturn
from unicodedata import is_normalized

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from musterpoint.errors import LogFormatError, NotProven
from musterpoint.transparency.canonical import INTEGER_MAX
from musterpoint.transparency.event_kinds import EventClass
from musterpoint.transparency.hybrid_clock import clock_text

EVENT_VERSION: Final = 1
"""Version of the envelope."""

FIRST_PREV: Final = "0" * 64
"""What the first event of a station has for the identifier of the one before."""

ENTRY_BYTES_MAX: Final = 65_535
"""Bytes of an entry: its length has two bytes in a bundle of C2SP tlog-tiles."""

FIELDS_MAX: Final = 256
"""Fields of one event that can be opened one by one."""

_SIGNED_PREFIX: Final = b"musterpoint/event/v1\x00"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_STATION: Final = re.compile(r"[0-9a-f]{32}")
_MOVEMENT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}")
_AUTHOR: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,100}")
_SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
_CLOCK: Final = re.compile(r"[0-9a-f]{16}")
_SIG_BEGIN: Final = b'"sig":"'
_SIG_CHARACTERS: Final = len('"sig":"",') + 128
_quoted: Final = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class StationKey:
    """The key with which a station signs, loaded once.

    key_id  SHA-256 of the raw public key, in lower-case hexadecimal
    """

    private: Ed25519PrivateKey
    key_id: str

    @classmethod
    def of(cls, private: Ed25519PrivateKey) -> StationKey:
        """The key with its identifier."""
        return cls(private, key_id_of(private.public_key().public_bytes_raw()))


def key_id_of(public_key: bytes) -> str:
    """The identifier of a raw public key of 32 bytes."""
    return sha256(public_key).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One envelope.

    movement  identifier of the movement, or of the agreement where the work belongs to no movement
    station   128 random bits in hexadecimal, made when the station was provisioned
    seq       1, 2, 3 … without gaps at each station
    prev      identifier of the station's event before; `FIRST_PREV` for the first
    clock     hybrid logical clock, 64 bits
    kind      its class, see `class_of`
    ops       commitment to the pseudonymous facts
    author    seat of the person who acted
    key       identifier of the station's public key
    person    commitment to the facts about a person, where there are any
    fields    commitments to single fields, sorted
    sig       Ed25519 signature by the station; empty before it is signed
    """

    movement: str
    station: str
    seq: int
    prev: str
    clock: int
    kind: EventClass
    ops: str
    author: str
    key: str
    person: str | None = None
    fields: tuple[str, ...] = ()
    sig: str = ""

    def __post_init__(self) -> None:
        digests = (self.prev, self.ops, self.key, *self.fields, self.person or FIRST_PREV)
        is_sound = (
            all(map(_DIGEST.fullmatch, digests))
            and _MOVEMENT.fullmatch(self.movement)
            and _STATION.fullmatch(self.station)
            and _AUTHOR.fullmatch(self.author)
            and is_normalized("NFC", self.author)
            and (not self.sig or _SIGNATURE.fullmatch(self.sig))
            and (self.seq == 1) == (self.prev == FIRST_PREV)
            and 1 <= self.seq <= INTEGER_MAX
            and 0 <= self.clock < 2**64
            and len(self.fields) <= FIELDS_MAX
            and list(self.fields) == sorted(set(self.fields))
        )
        if not is_sound:
            _refuse("a value that is out of bounds")

    def content(self) -> bytes:
        """The canonical bytes without the signature: what is signed, and what the identifier is of."""
        before, after = self._halves()
        return before + after

    def entry(self) -> bytes:
        """The canonical bytes with the signature: what is a leaf of the log."""
        before, after = self._halves()
        return before + _signature(self.sig) + after

    def _halves(self) -> tuple[bytes, bytes]:
        """The canonical bytes before and after the signature."""
        # RFC 8785 written out, five times as quick as by the package: names in order, values whose
        # characters need no escape but for the author's.
        fields = '"fields":["' + '","'.join(self.fields) + '"],' if self.fields else ""
        person = f'"person":"{self.person}",' if self.person else ""
        before = (
            f'{{"author":{_quoted(self.author)},{fields}"hlc":"{clock_text(self.clock)}","key":"{self.key}",'
            f'"kind":"{self.kind}","movement":"{self.movement}","ops":"{self.ops}",{person}'
            f'"prev":"{self.prev}","seq":{self.seq},'
        )
        return before.encode(), f'"station":"{self.station}","v":{EVENT_VERSION}}}'.encode()

    def event_id(self) -> str:
        """SHA-256 of the content, in lower-case hexadecimal."""
        return sha256(self.content()).hexdigest()

    def signed(self, key: StationKey) -> Event:
        """The same event with the signature of its station. Raises ValueError for another's key."""
        if key.key_id != self.key:
            raise ValueError("an event is signed with the key that it names")
        signature = key.private.sign(_SIGNED_PREFIX + self.content()).hex()
        values = {name: getattr(self, name) for name in _NAMES}
        return Event(**values | {"sig": signature})

    def recorded(self, key: StationKey) -> tuple[bytes, str]:
        """The entry of the event, signed by its station, and its identifier; as by `signed`, with less work.

        Raises ValueError for another's key.
        """
        if key.key_id != self.key:
            raise ValueError("an event is signed with the key that it names")
        before, after = self._halves()
        content = before + after
        signature = key.private.sign(_SIGNED_PREFIX + content).hex()
        return before + _signature(signature) + after, sha256(content).hexdigest()

    def verify(self, public_key: Ed25519PublicKey) -> None:
        """Insist that the key is the one that is named, and that it has signed. Raises NotProven."""
        try:
            if key_id_of(public_key.public_bytes_raw()) == self.key:
                public_key.verify(bytes.fromhex(self.sig), _SIGNED_PREFIX + self.content())
                return
        except InvalidSignature:
            pass
        raise NotProven(
            expected="an event signed by its station",
            found="one that this station has not signed",
            hint="Keep the log as it is and ask whoever runs the station",
            where=f"event {self.seq} of station {self.station}",
        )


def _signature(digits: str) -> bytes:
    return f'"sig":"{digits}",'.encode()


_NAMES: Final = tuple(Event.__dataclass_fields__)
_OF_JSON: Final = {name: "hlc" if name == "clock" else name for name in _NAMES}
_OPTIONAL: Final = {"person", "fields"}


def parse_event(entry: bytes) -> Event:
    """The signed event in an entry of a log. Raises LogFormatError for any other bytes, however alike."""
    if len(entry) > ENTRY_BYTES_MAX:
        _refuse("more than 65,535 bytes")
    try:
        members = json.loads(entry)
    except (ValueError, RecursionError):
        _refuse("no JSON")
    if not isinstance(members, dict):
        _refuse("JSON that is no object")
    try:
        event = _event_of(members)
    except (KeyError, TypeError, ValueError):
        _refuse("members that are missing or of another type")
    # Equal bytes leave no second form: no spaces, no other order, no doubled or unknown member.
    if not event.sig or event.entry() != entry:
        _refuse("JSON in another form")
    return event


def entry_id(entry: bytes) -> str:
    """The identifier of the event in a sound entry, without taking it apart: to look through a whole log."""
    begin = entry.rindex(_SIG_BEGIN)
    return sha256(entry[:begin] + entry[begin + _SIG_CHARACTERS :]).hexdigest()


def _event_of(members: dict[str, Any]) -> Event:
    if not _CLOCK.fullmatch(members["hlc"]):
        raise ValueError("a clock has 16 hexadecimal digits")
    values = {name: members[of] for name, of in _OF_JSON.items() if of in members or name not in _OPTIONAL}
    values["clock"] = int(members["hlc"], 16)
    values["kind"] = EventClass(members["kind"])
    values["fields"] = tuple(members.get("fields", ()))
    if type(members["seq"]) is not int:
        raise TypeError("a sequence number is a whole number")
    return Event(**values)


def _refuse(found: str) -> NoReturn:
    raise LogFormatError(
        expected="a signed event in its canonical form",
        found=found,
        hint="Ask for the entry again; a log is never repaired by hand",
        where="event",
    )
