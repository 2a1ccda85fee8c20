"""The tables of the key store; `docs/reference/registry.md` says what each column means.

Wrapped keys stand in a table of their own, whose rows are only added at the end and are erased by
overwriting them where they are: SQLite moves other rows from page to page and leaves copies behind.
On PostgreSQL the same tables lie in a schema of their own.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from musterpoint.storage.dialects import INTEGER_64

KEYS: Final = sa.MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
)


def _number() -> sa.Column[int]:
    return sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False)


# One row. has_residue: keys were destroyed whose bytes may still stand in the write-ahead log.
key_store = sa.Table(
    "key_store",
    KEYS,
    _number(),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Column("store_id", sa.Uuid, nullable=False),
    sa.Column("has_residue", sa.Boolean(create_constraint=False), nullable=False),
)

# envelope: the epoch's key, encrypted by the source; zeros once the epoch is over.
# link: the same key, wrapped by that of the other live epoch while a rotation runs; otherwise zeros.
# source, secret_name: the kind of source, and which of a key file's secrets.
# check_value: hash of the epoch's key, by which shares are recognised.
# is_secret_gone: the secret itself was destroyed too, so that copies from before do not open.
key_epoch = sa.Table(
    "key_epoch",
    KEYS,
    _number(),
    sa.Column("envelope", sa.LargeBinary, nullable=False),
    sa.Column("link", sa.LargeBinary, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("secret_name", sa.Text, nullable=False),
    sa.Column("check_value", sa.LargeBinary, nullable=False),
    sa.Column("began_at", INTEGER_64, nullable=False),
    sa.Column("destroyed_at", INTEGER_64),
    sa.Column("is_secret_gone", sa.Boolean(create_constraint=False), nullable=False),
)

data_key = sa.Table(
    "data_key",
    KEYS,
    _number(),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

# What each data key is for. A row stays when its key is destroyed: it says that there was one.
key_scope = sa.Table(
    "key_scope",
    KEYS,
    _number(),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("identifier", sa.LargeBinary, nullable=False),
    sa.Column("made_at", INTEGER_64, nullable=False),
    sa.Column("destroyed_at", INTEGER_64),
    sa.UniqueConstraint("kind", "identifier"),
)

# sealed: the private key, under the key of the installation. The last row is the present one.
station_key = sa.Table(
    "station_key",
    KEYS,
    _number(),
    sa.Column("station_id", sa.Uuid, nullable=False),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("began_at", INTEGER_64, nullable=False),
)

# Shares of an epoch's key that were handed out; the shares themselves are nowhere.
key_share = sa.Table(
    "key_share",
    KEYS,
    _number(),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("needed", sa.Integer, nullable=False),
    sa.Column("made", sa.Integer, nullable=False),
    sa.Column("made_at", INTEGER_64, nullable=False),
    sa.Column("rehearsed_at", INTEGER_64),
)

# Copies of the key store that were made: until when they are said to be kept, and which epoch opens them.
key_backup = sa.Table(
    "key_backup",
    KEYS,
    _number(),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("made_at", INTEGER_64, nullable=False),
    sa.Column("expires_at", INTEGER_64, nullable=False),
)
