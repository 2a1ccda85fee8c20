"""Key stores for the tests of the vault."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from tests.registries import stored_bytes

from musterpoint.storage.dialects import SERVER_VARIABLE, choose_server
from musterpoint.storage.vault import KeyScope, KeySources, Vault

CHEAP_N = 1 << 10
"""scrypt's N: a passphrase costs a millisecond."""

PASSPHRASE = "a horse, a stapler, a gate"
SECRET = "0123456789abcdef" * 4


@dataclass(frozen=True)
class Place:
    """Where a registry and its key file lie.

    opened  every vault that was opened here, for whoever closes them at the end
    """

    root: Path
    opened: list[Vault] = field(default_factory=list, compare=False)

    @property
    def folder(self) -> Path:
        """The folder of the registry."""
        return self.root / "registry"

    @property
    def keys(self) -> Path:
        """The folder of key files."""
        return self.root / "keys"

    def sources(
        self, *, passphrase: str | None = None, key_file: Path | None = None, secret: str | None = None
    ) -> KeySources:
        """Secrets at hand."""
        return KeySources(
            key_folder=self.keys,
            key_file=key_file,
            ask=None if passphrase is None else lambda: passphrase,
            environment={} if secret is None else {"MUSTERPOINT_KEY": secret},
            cost_n=CHEAP_N,
        )

    def open(self, sources: KeySources | None = None) -> Vault:
        """The vault, made if it is not there, on the server that the environment names if it names one."""
        if SERVER_VARIABLE in os.environ:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            choose_server(self.folder)
        self.opened.append(Vault.open_at(self.folder, sources or self.sources()))
        return self.opened[-1]


def encounter() -> KeyScope:
    """The scope of a fresh encounter."""
    return KeyScope.encounter(uuid.uuid4())


def bytes_of(folder: Path) -> bytes:
    """Everything that lies in a folder, and in the files of the server that it names."""
    return b"".join(stored_bytes(folder).values())


def in_a_process(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python in a process of their own."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=600, check=False
    )
