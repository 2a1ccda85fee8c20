"""Who acts: a seat with its key, perhaps a second one beside it, and how they are found on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import rfc8785

from musterpoint.errors import KeyMissing, UnusableInput
from musterpoint.registry.seats import Seat
from musterpoint.storage import Snapshot, keyfiles, seats
from musterpoint.storage.keyfiles import KeyFile, SigningKey

_CONFIRMATION: Final = b"musterpoint/confirmation/v1\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who acts in a seat, with its key, and whoever does it together with them."""

    seat: Seat
    key: SigningKey
    second: Actor | None = None

    def with_second(self, second: Actor | None) -> Actor:
        """The same, together with somebody else."""
        return replace(self, second=second)

    def signature_of(self, facts: Mapping[str, object]) -> str:
        """Hexadecimal Ed25519 signature of what the seat confirms; `confirmation_bytes` are signed."""
        return self.key.sign(confirmation_bytes(facts)).hex()


def confirmation_bytes(facts: Mapping[str, object]) -> bytes:
    """What a seat signs when it confirms facts: a label and their canonical JSON (RFC 8785)."""
    return _CONFIRMATION + rfc8785.dumps({name: _plain(value) for name, value in facts.items()})


def _plain(value: object) -> str | int | list[str]:
    if isinstance(value, str | int):
        return value
    if isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        return [str(one) for one in value]
    raise TypeError("a seat confirms texts, whole numbers and lists of texts")


def no_passphrase(name: str) -> bytes:
    """Nobody can be asked. Raises KeyMissing."""
    raise KeyMissing(
        expected="the passphrase of a seat's key",
        found="nobody to ask for it",
        hint="Run the command on a terminal",
        where=name,
    )


@dataclass(slots=True, kw_only=True)
class HeldKeys:
    """The keys that this machine holds; each is opened once, when somebody first acts with it."""

    files: Mapping[bytes, KeyFile]
    passphrase: Callable[[str], bytes] = no_passphrase
    opened: dict[bytes, SigningKey] = field(default_factory=dict)

    def holds(self, seat: Seat) -> bool:
        """Whether the key of a seat is here."""
        return seat.public_key in self.files or seat.public_key in self.opened

    def actor(self, seat: Seat) -> Actor:
        """Somebody who acts in a seat. Raises KeyMissing, WrongPassphrase."""
        key = self.opened.get(seat.public_key)
        if key is None:
            file = self.files.get(seat.public_key)
            if file is None:
                raise KeyMissing(
                    expected="the key of the seat on this machine",
                    found="none",
                    hint=f"Act where the key is kept, or name its folder with {keyfiles.FOLDER_VARIABLE}",
                    where=seat.name,
                )
            key = self.opened[seat.public_key] = keyfiles.load(file, self.passphrase)
        return Actor(seat=seat, key=key)


def named(snapshot: Snapshot, keys: HeldKeys, name: str) -> Actor:
    """Somebody who acts in a seat of a name. Raises NotFound, KeyMissing, WrongPassphrase."""
    return keys.actor(seats.of_name(snapshot, name))


def refuse_one_as_two(actor: Actor | str, second: Actor | str) -> None:
    """Raise UnusableInput where a seat is to be its own second person."""
    names = [one if isinstance(one, str) else one.seat.name for one in (actor, second)]
    if names[0] == names[1]:
        raise UnusableInput(
            expected="another seat as the second person",
            found="the same seat twice",
            hint="Let another person take part",
            where="--second",
        )
