"""Where the secret comes from that wraps the keys: a file, a passphrase, the environment, or a KMS.

A source wraps and unwraps the key of an epoch, 32 bytes; nothing else is asked of it, so that a key
management service can stand behind the same interface and keep its secret to itself.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from musterpoint.errors import UnusableInput, WrongPassphrase
from musterpoint.storage.vault import faults, keyfile, sealing
from musterpoint.storage.vault.envelopes import Envelope, Parameters, decrypted, encrypted
from musterpoint.storage.vault.keyfile import Secret

SCRYPT_N: Final = 1 << 17
"""Cost of a passphrase: 128 MiB and a third of a second, as OWASP asks for (Password Storage, scrypt)."""

SCRYPT_N_MAX: Final = 1 << 20
"""More would let a forged key store take 1 GiB and seconds."""

PASSPHRASE_CHARACTERS_MIN: Final = 12
PASSPHRASE_CHARACTERS_MAX: Final = 1024

SECRET_CHARACTERS_MIN: Final = 32
"""Of a secret in the environment: it is not stretched, so it must be random, such as 32 hex digits."""

_SALT_BYTES: Final = 16


class KeySource(Protocol):
    """What wraps the key of an epoch. A KMS can stand behind it."""

    @property
    def kind(self) -> str:
        """The name under which an envelope says who opens it."""
        ...

    def wrap(self, key: bytes, about: bytes) -> Envelope:
        """Encrypt a key of 32 bytes, bound to what it is about."""
        ...

    def unwrap(self, envelope: Envelope, about: bytes) -> bytes:
        """Decrypt it. Raises WrongPassphrase, KeyMissing, KeyExposed, Corrupt."""
        ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """A key file with random secrets; the newest one of a key store wraps, each of them unwraps."""

    path: Path
    store_id: str
    kind: str = "file"

    def add_secret(self) -> None:
        """Have a fresh secret in the file, which is made if it is not there. Raises StorageFull."""
        fresh = Secret(sealing.new_key(), self.store_id)
        keyfile.change(self.path, lambda before: (*before, fresh))

    def keep_only(self, names: Collection[str]) -> frozenset[str]:
        """Destroy the secrets of this key store but these, and return the names of those.

        A file that is left without secrets is removed.
        """
        gone: set[str] = set()

        def to(before: tuple[Secret, ...]) -> tuple[Secret, ...]:
            over = [one for one in before if one.store_id == self.store_id]
            over = [one for one in over if secret_name(one.secret) not in names]
            gone.update(secret_name(one.secret) for one in over)
            return tuple(one for one in before if one not in over)

        keyfile.change(self.path, to)
        return frozenset(gone)

    def _newest(self) -> bytes:
        secrets = self._secrets()
        if not secrets:
            raise _of_another(self.path)
        return secrets[-1]

    def _secrets(self) -> list[bytes]:
        return [one.secret for one in keyfile.read(self.path) if one.store_id == self.store_id]

    def wrap(self, key: bytes, about: bytes) -> Envelope:
        """See `KeySource`."""
        secret = self._newest()
        salt = os.urandom(_SALT_BYTES)
        parameters = {"salt": salt.hex(), "secret": secret_name(secret)}
        return encrypted(self.kind, parameters, _stretched_not(secret, salt), key, about)

    def unwrap(self, envelope: Envelope, about: bytes) -> bytes:
        """See `KeySource`."""
        name, salt = envelope.text("secret"), _salt(envelope)
        for secret in self._secrets():
            if secret_name(secret) == name:
                key = decrypted(envelope, _stretched_not(secret, salt), about)
                if key is not None:
                    return key
        raise _of_another(self.path)


@dataclass(frozen=True, slots=True)
class PassphraseSource:
    """A passphrase that a person knows, stretched by scrypt (RFC 7914).

    A passphrase that was right is not asked for again: what was derived from it is kept, so that a
    running program goes on when another one begins an epoch under the same passphrase.

    ask     called when it is needed
    cost_n  scrypt's N for new keys, a power of two
    """

    ask: Callable[[], str]
    cost_n: int = SCRYPT_N
    kind: str = "passphrase"
    _derived: dict[str, tuple[Parameters, bytes]] = field(default_factory=dict, repr=False)

    def wrap(self, key: bytes, about: bytes) -> Envelope:
        """See `KeySource`. Raises UnusableInput where the passphrase is too short or too long."""
        for parameters, kek in self._derived.values():
            return encrypted(self.kind, parameters, kek, key, about)
        passphrase = self.ask()
        if not PASSPHRASE_CHARACTERS_MIN <= len(passphrase) <= PASSPHRASE_CHARACTERS_MAX:
            raise UnusableInput(
                expected=f"{PASSPHRASE_CHARACTERS_MIN} to {PASSPHRASE_CHARACTERS_MAX} characters",
                found=f"a passphrase of {len(passphrase)}",
                hint="Take five or more words that nobody would put together",
                where="passphrase",
            )
        salt = os.urandom(_SALT_BYTES)
        fresh: Parameters = {"salt": salt.hex(), "n": self.cost_n, "r": 8, "p": 1}
        kek = _stretched(passphrase, salt, self.cost_n, 8, 1)
        self._derived[salt.hex()] = fresh, kek
        return encrypted(self.kind, fresh, kek, key, about)

    def unwrap(self, envelope: Envelope, about: bytes) -> bytes:
        """See `KeySource`."""
        cost_n = envelope.number("n", at_most=SCRYPT_N_MAX)
        r, p = envelope.number("r", at_most=16), envelope.number("p", at_most=4)
        if cost_n & (cost_n - 1):
            raise faults.damaged("a parameter of the key's source is out of bounds")
        _, kek = self._derived.get(envelope.text("salt"), (None, b""))
        if not kek:
            passphrase = self.ask()[:PASSPHRASE_CHARACTERS_MAX]
            kek = _stretched(passphrase, _salt(envelope), cost_n, r, p)
        key = decrypted(envelope, kek, about)
        if key is None:
            raise faults.wrong_secret(
                "another passphrase",
                "Try again; the registry is sound, and nothing was changed",
                "passphrase",
            )
        self._derived[envelope.text("salt")] = envelope.parameters, kek
        return key


@dataclass(frozen=True, slots=True)
class EnvironmentSource:
    """A random secret that whoever starts the program puts into its environment."""

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    name: str = "MUSTERPOINT_KEY"
    kind: str = "environment"

    def _secret(self) -> bytes:
        secret = self.environment.get(self.name, "")
        if len(secret) < SECRET_CHARACTERS_MIN:
            raise faults.missing(
                f"a random secret of at least {SECRET_CHARACTERS_MIN} characters in {self.name}",
                "a shorter one" if secret else "none",
                f"Set {self.name} to the secret of this registry",
                self.name,
            )
        return secret.encode()

    def wrap(self, key: bytes, about: bytes) -> Envelope:
        """See `KeySource`."""
        salt = os.urandom(_SALT_BYTES)
        kek = _stretched_not(self._secret(), salt)
        return encrypted(self.kind, {"salt": salt.hex()}, kek, key, about)

    def unwrap(self, envelope: Envelope, about: bytes) -> bytes:
        """See `KeySource`."""
        key = decrypted(envelope, _stretched_not(self._secret(), _salt(envelope)), about)
        if key is None:
            raise faults.wrong_secret(
                "the secret of another registry, or of another time",
                f"Set {self.name} to the secret of this registry",
                self.name,
            )
        return key


def _of_another(path: Path) -> WrongPassphrase:
    return faults.wrong_secret(
        "the key file of another registry, or of another time",
        "Name the key file of this registry with MUSTERPOINT_KEY_FILE",
        str(path),
    )


def secret_name(secret: bytes) -> str:
    """By what an envelope recognises the secret in a key file; says nothing about the secret."""
    return hashlib.sha256(b"musterpoint/secret-name/v1\0" + secret).hexdigest()[:16]


def _salt(envelope: Envelope) -> bytes:
    try:
        return bytes.fromhex(envelope.text("salt"))
    except ValueError:
        raise faults.damaged("a parameter of the key's source is out of bounds") from None


def _stretched_not(secret: bytes, salt: bytes) -> bytes:
    """A key from a secret that is random already (RFC 5869)."""
    derive = HKDF(SHA256(), sealing.KEY_BYTES, salt, b"musterpoint/key-encryption-key/v1")
    return derive.derive(secret)


def _stretched(passphrase: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    # Keyboards differ in how they compose letters.
    text = unicodedata.normalize("NFKC", passphrase).encode()
    return Scrypt(salt, sealing.KEY_BYTES, n, r, p).derive(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySources:
    """The secrets at hand, of which a key store says which kind it asks for.

    key_file     the key file; None for the one that the first start makes in `key_folder`
    key_folder   where key files are made: a folder of the user's configuration, apart from the data
    ask          asks a person for the passphrase; None where nobody can be asked
    environment  variables of the process
    cost_n       scrypt's N for new passphrases; tests take a cheap one
    notice       told the path of a key file that was made
    others       further sources, such as a KMS
    """

    key_folder: Path
    key_file: Path | None = None
    ask: Callable[[], str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    cost_n: int = SCRYPT_N
    notice: Callable[[Path], None] = lambda _path: None
    others: tuple[KeySource, ...] = ()

    def key_path(self, store_id: str) -> Path:
        """The key file of a key store."""
        return self.key_file or self.key_folder / f"{store_id}.key"

    def source(self, kind: str, store_id: str) -> KeySource:
        """The source that opens envelopes of a kind. Raises KeyMissing."""
        for other in self.others:
            if other.kind == kind:
                return other
        if kind == "file":
            return FileSource(self.key_path(store_id), store_id)
        if kind == "environment":
            return EnvironmentSource(self.environment)
        if kind == "passphrase":
            return PassphraseSource(self._passphrase, self.cost_n)
        raise faults.missing(
            "a source that this installation knows",
            f"keys wrapped by {kind!r}",
            "Use an installation of musterpoint that has this extension",
        )

    def first(self, store_id: str) -> KeySource:
        """The source for a new key store: what was given, else a new random key file."""
        if self.others:
            return self.others[0]
        if self.key_file is None and self.environment.get("MUSTERPOINT_KEY"):
            return self.source("environment", store_id)
        if self.key_file is None and self.environment.get("MUSTERPOINT_PASSPHRASE_FILE"):
            return self.source("passphrase", store_id)
        source = FileSource(self.key_path(store_id), store_id)
        source.add_secret()
        self.notice(source.path)
        return source

    def _passphrase(self) -> str:
        named = self.environment.get("MUSTERPOINT_PASSPHRASE_FILE")
        if named:
            return keyfile.read_private(Path(named)).removesuffix("\n")
        if self.ask is None:
            raise faults.missing(
                "the passphrase of this registry",
                "nobody who could be asked for it",
                "Run on a terminal, or name a file with MUSTERPOINT_PASSPHRASE_FILE",
                "passphrase",
            )
        return self.ask()
