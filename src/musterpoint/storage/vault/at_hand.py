"""The secrets that are at hand in this process: its environment, files, and whoever sits at the terminal."""

from __future__ import annotations

import getpass
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import platformdirs

from musterpoint.storage.vault.sources import KeySources

KEY_FILE_VARIABLE: Final = "MUSTERPOINT_KEY_FILE"

_LOG: Final = logging.getLogger(__name__)


def key_folder() -> Path:
    """Where key files are made: in the user's configuration, apart from the data."""
    return Path(platformdirs.user_config_dir("musterpoint")) / "keys"


def sources_at_hand(
    key_file: Path | None = None, *, notice: Callable[[Path], None] | None = None
) -> KeySources:
    """Where the secret of a registry may come from.

    key_file  None for MUSTERPOINT_KEY_FILE, or the file that the first start makes
    notice    told the path of a key file that was made; None says it in the log, which a terminal shows
    """
    named = os.environ.get(KEY_FILE_VARIABLE)
    return KeySources(
        key_folder=key_folder(),
        key_file=key_file or (Path(named) if named else None),
        ask=ask_passphrase if sys.stdin is not None and sys.stdin.isatty() else None,
        environment=os.environ,
        notice=notice or _say_where,
    )


def ask_passphrase() -> str:
    """Ask for the passphrase on the terminal, without showing it."""
    return getpass.getpass("Passphrase of the registry: ")


def _say_where(path: Path) -> None:
    # A warning reaches the terminal even where nobody has configured logging.
    _LOG.warning(
        "A key was made for this registry: %s. Without it nothing in the registry can be read, "
        "so have shares of it made: musterpoint key share",
        path,
    )
