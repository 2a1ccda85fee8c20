"""What there is to say about a key store, without any key."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from musterpoint.clock import Instant
from musterpoint.storage.vault import epochs
from musterpoint.storage.vault.epochs import Epoch
from musterpoint.storage.vault.key_tables import key_scope, key_share
from musterpoint.storage.vault.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The newest shares that were handed out.

    is_void       a rotation since has made them worthless
    rehearsed_at  when enough of them were last seen to work; None if never
    """

    needed: int
    made: int
    made_at: Instant
    rehearsed_at: Instant | None
    is_void: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A key store at a glance.

    source      the kind of source that wraps the present epoch
    epochs      all there ever were, oldest first
    live        number of keys of each kind
    destroyed   number of destroyed keys of each kind
    backups_expire_on  see `Vault.backups_expire_on`
    """

    source: str
    epochs: tuple[Epoch, ...]
    live: dict[str, int]
    destroyed: dict[str, int]
    shares: Shares | None
    backups_expire_on: Instant | None

    @property
    def is_rotating(self) -> bool:
        """Whether a rotation runs, or was interrupted."""
        return sum(epoch.envelope is not None for epoch in self.epochs) > 1


def overview(vault: Vault) -> Overview:
    """Look at a key store."""
    count = sa.func.count()
    is_live = key_scope.c.destroyed_at.is_(None)
    counted = sa.select(key_scope.c.kind, is_live, count).group_by(key_scope.c.kind, is_live)
    with vault.store.reading() as connection:
        every = epochs.every(connection)
        counts = [(str(kind), bool(alive), int(many)) for kind, alive, many in connection.execute(counted)]
        share = connection.execute(
            sa.select(key_share).order_by(key_share.c.number.desc()).limit(1)
        ).one_or_none()
    newest = every[-1]
    return Overview(
        source=newest.source,
        epochs=every,
        live={kind: many for kind, alive, many in counts if alive},
        destroyed={kind: many for kind, alive, many in counts if not alive},
        shares=None
        if share is None
        else Shares(
            needed=share.needed,
            made=share.made,
            made_at=Instant(share.made_at),
            rehearsed_at=None if share.rehearsed_at is None else Instant(share.rehearsed_at),
            is_void=share.epoch != newest.number,
        ),
        backups_expire_on=vault.backups_expire_on(),
    )
