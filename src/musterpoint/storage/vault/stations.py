"""The names and signing keys of this installation as a station; a restored one goes on under a new name.

Each is an Ed25519 key (RFC 8032), whose private half is sealed under the key of the installation.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from musterpoint.clock import Instant
from musterpoint.identifiers import StationId
from musterpoint.storage.vault import faults, sealing
from musterpoint.storage.vault.key_tables import station_key
from musterpoint.storage.vault.scopes import KeyScope

_SCOPE: Final = KeyScope.installation()


@dataclass(frozen=True, slots=True, kw_only=True)
class StationKey:
    """One name of this installation.

    public_key  the 32 raw bytes of the Ed25519 key
    """

    station_id: StationId
    public_key: bytes
    sealed: bytes
    began_at: Instant

    def private_key(self, key: bytes) -> Ed25519PrivateKey:
        """The signing key, opened by the key of the installation. Raises Corrupt."""
        raw = sealing.open_sealed(key, _SCOPE, f"station/{self.station_id}", self.sealed)
        if raw is None:
            raise faults.damaged("the station's signing key was changed since it was written")
        private = Ed25519PrivateKey.from_private_bytes(raw)
        if private.public_key().public_bytes_raw() != self.public_key:
            raise faults.damaged("the station's public key was changed since it was written")
        return private

    def verifier(self) -> Ed25519PublicKey:
        """The key that verifies what this station has signed."""
        return Ed25519PublicKey.from_public_bytes(self.public_key)


def add(connection: sa.Connection, key: bytes, now: Instant) -> StationId:
    """Begin as a new station, with a random name and key."""
    station_id = StationId(uuid.uuid4())
    private = Ed25519PrivateKey.generate()
    number = connection.execute(
        sa.select(sa.func.coalesce(sa.func.max(station_key.c.number), 0))
    ).scalar_one()
    sealed = sealing.seal(key, _SCOPE, f"station/{station_id}", private.private_bytes_raw())
    row = {"number": number + 1, "station_id": station_id, "sealed": sealed, "began_at": now}
    public = private.public_key().public_bytes_raw()
    connection.execute(sa.insert(station_key).values(row | {"public_key": public}))
    return station_id


def every(connection: sa.Connection) -> tuple[StationKey, ...]:
    """All names that this installation has had, the present one last."""
    rows = connection.execute(sa.select(station_key).order_by(station_key.c.number)).all()
    return tuple(
        StationKey(
            station_id=StationId(row.station_id),
            public_key=row.public_key,
            sealed=row.sealed,
            began_at=Instant(row.began_at),
        )
        for row in rows
    )


def present(connection: sa.Connection) -> StationKey:
    """The name under which this installation signs now. Raises Corrupt."""
    names = every(connection)
    if not names:
        raise faults.damaged("a key store without a station")
    return names[-1]
