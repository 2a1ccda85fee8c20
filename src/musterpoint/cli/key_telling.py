"""What the commands say about keys, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from musterpoint.clock import to_text

if TYPE_CHECKING:
    from musterpoint.storage.vault.overview import Overview

_LOST = "it is lost, and with it everything in the registry"


def source_in_words(found: Overview, place: Path) -> str:
    """Where the secret is kept."""
    return {
        "file": f"The secret is the key file {place}",
        "passphrase": "The secret is a passphrase that a person knows",
        "environment": "The secret is in the environment of the program, as MUSTERPOINT_KEY",
    }.get(found.source, f"The secret is kept by an extension: {found.source}")


def advice(found: Overview) -> Iterator[str]:
    """How safe that is, and what to do about it."""
    if found.source == "file":
        yield (
            "Whoever can read this file and the registry can read everything. On another medium, or "
            "replaced by a passphrase, it does not go with a stolen disk."
        )
    if found.source == "passphrase":
        yield "Whoever knows the passphrase can open the registry and every backup of its keys."
    if found.source == "environment":
        yield "Whoever may see this program's environment can open the registry."
    if found.is_rotating:
        yield "A rotation runs, or was interrupted. If none runs, finish it: musterpoint key rotate"
    yield from _advice_on_shares(found)
    if found.backups_expire_on is None:
        yield "No backup of the keys is known that could still open what is erased from now on."
    else:
        date = to_text(found.backups_expire_on)[:10]
        yield f"Backups of the keys are kept until {date}; until then they open what is erased from now on."


def _advice_on_shares(found: Overview) -> Iterator[str]:
    shares = found.shares
    if shares is None:
        yield f"Nobody holds shares: if the secret is lost, {_LOST}. Make them: musterpoint key share"
        return
    if shares.is_void:
        yield "The shares are void since the last rotation. Make new ones: musterpoint key share"
        return
    date = to_text(shares.made_at)[:10]
    yield f"{shares.needed} of the {shares.made} shares that were made on {date} open the registry."
    if shares.rehearsed_at is None:
        yield "Nobody has seen yet whether they work: musterpoint key rehearse"


def key_facts(found: Overview, place: Path) -> dict[str, object]:
    """The same for programs."""
    shares = found.shares
    return {
        "source": found.source,
        "key_file": str(place) if found.source == "file" else None,
        "rotating": found.is_rotating,
        "epochs": [
            {
                "number": one.number,
                "source": one.source,
                "began_at": to_text(one.began_at),
                "destroyed_at": to_text(one.destroyed_at) if one.destroyed_at else None,
                "secret_destroyed": one.is_secret_gone,
            }
            for one in found.epochs
        ],
        "live": found.live,
        "destroyed": found.destroyed,
        "shares": None
        if shares is None
        else {
            "needed": shares.needed,
            "made": shares.made,
            "made_at": to_text(shares.made_at),
            "rehearsed_at": to_text(shares.rehearsed_at) if shares.rehearsed_at else None,
            "void": shares.is_void,
        },
        "key_backups_expire_on": to_text(found.backups_expire_on) if found.backups_expire_on else None,
    }
