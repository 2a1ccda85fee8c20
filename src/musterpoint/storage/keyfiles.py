"""Private keys of seats and parties: PKCS8 PEM files of their owner alone, sealed by a passphrase if wanted.

The lines before the PEM say whose key it is and its public part, so that the key of a seat is found without
opening every file. They prove nothing: what is opened is compared with the public key that is asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from musterpoint.errors import StorageFull, WrongPassphrase

FOLDER_VARIABLE: Final = "MUSTERPOINT_SEATS"
"""Names another folder of keys."""

PRACTICE_FOLDER: Final = "practice"
"""Folder beside the registry with the keys of its practice seats; they guard synthetic people only."""

_KEY_LINES: Final = re.compile(r"^Key of: (.{1,300})\nPublic key: ([0-9a-f]{64})$", re.MULTILINE)
_FILE_BYTES_MAX: Final = 16_384

Passphrase = Callable[[str], bytes]
"""Asks for the passphrase of the key with this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A key that this machine holds; name and public part are what the file says."""

    path: Path
    name: str
    public_key: bytes
    is_sealed: bool


class SigningKey:
    """A private Ed25519 key in memory. It signs, and shows nothing but its public part."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key from the operating system's generator."""
        return cls(Ed25519PrivateKey.generate())

    def sign(self, message: bytes) -> bytes:
        """64 bytes, Ed25519 (RFC 8032)."""
        return self._key.sign(message)

    def pem(self, passphrase: bytes | None) -> bytes:
        """PKCS8, encrypted where there is a passphrase."""
        sealing: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase:
            sealing = serialization.BestAvailableEncryption(passphrase)
        return self._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealing)

    def __repr__(self) -> str:
        return f"SigningKey({self.public_key.hex()[:8]}…)"


def key_folder() -> Path:
    """Where the keys of real seats and parties lie."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else Path(platformdirs.user_config_dir("musterpoint")) / "seats"


def write(folder: Path, name: str, key: SigningKey, passphrase: bytes | None = None) -> Path:
    """Write a key for its owner alone; an existing file is never touched. Raises StorageFull."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "seat"
    path = folder / f"{slug}-{key.public_key.hex()[:8]}.pem"
    said = f"Key of: {name}\nPublic key: {key.public_key.hex()}\n"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as opened:
            opened.write(said.encode() + key.pem(passphrase))
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise StorageFull(
            expected="a folder in which the key can be written",
            found=(error.strerror or "an error").lower(),
            hint=f"Correct the folder's permissions, or name another with {FOLDER_VARIABLE}",
            where=str(path),
        ) from error
    return path


def held(*folders: Path) -> dict[bytes, KeyFile]:
    """The keys in these folders, by their public part; a folder that is not there holds none."""
    found: dict[bytes, KeyFile] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.pem")):
            try:
                text = path.read_bytes()[:_FILE_BYTES_MAX].decode("utf-8", errors="replace")
            except OSError:
                continue
            if match := _KEY_LINES.search(text):
                public = bytes.fromhex(match[2])
                is_sealed = "ENCRYPTED PRIVATE KEY" in text
                found[public] = KeyFile(path=path, name=match[1], public_key=public, is_sealed=is_sealed)
    return found


def load(file: KeyFile, passphrase: Passphrase) -> SigningKey:
    """The key of a file. Raises WrongPassphrase, also where the file is no key or another one."""
    asked = passphrase(file.path.stem) if file.is_sealed else None
    try:
        key = serialization.load_pem_private_key(file.path.read_bytes(), asked)
    except (ValueError, TypeError, OSError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(file, "a passphrase that does not open it" if file.is_sealed else "no such key in it")
    made = SigningKey(key)
    if made.public_key != file.public_key:
        raise _unusable(file, "another key than its first lines say")
    return made


def _unusable(file: KeyFile, found: str) -> WrongPassphrase:
    return WrongPassphrase(
        expected="the key of the seat",
        found=found,
        hint="Try again; a key that is lost is replaced by a new seat",
        where=file.path.name,
    )
