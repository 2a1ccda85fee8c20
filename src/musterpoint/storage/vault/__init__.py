"""The vault: what could tell who somebody is, sealed under keys that can be destroyed.

`Vault` seals and opens; `KeyScope` says under which key; `KeySources` says where the secret comes from
that wraps the keys. Keys lie in `keys.db`, apart from the registry, and are wrapped by the key of an
epoch, which is wrapped by the secret.
"""

from musterpoint.storage.vault.at_hand import sources_at_hand
from musterpoint.storage.vault.scopes import KeyKind, KeyScope
from musterpoint.storage.vault.sources import (
    EnvironmentSource,
    FileSource,
    KeySource,
    KeySources,
    PassphraseSource,
)
from musterpoint.storage.vault.vault import Vault

__all__ = [
    "EnvironmentSource",
    "FileSource",
    "KeyKind",
    "KeyScope",
    "KeySource",
    "KeySources",
    "PassphraseSource",
    "Vault",
    "sources_at_hand",
]
