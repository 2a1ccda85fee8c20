"""The tables of the registry; `docs/reference/registry.md` says what each column means.

Every row that a unit of work adds carries the position of the unit's first journal line. Those foreign
keys are deferred, since the rows come before the line: the database itself then refuses a change that
no line of the journal stands for.

What says anything about a person but pseudonyms, times, places and results is sealed, see `sealing`: it is
readable only with the data key of the person's encounter, which an erasure destroys.
Most of it stands in tables whose rows are only ever added at the end, so that an erasure overwrites them
where they are; numbers of such rows are never used again.

These, and those of the modules that each hold an aspect, are what all revisions in `migrations` add up to: a
table that is added or changed here is added or changed there, and a test compares the two.
"""

from __future__ import annotations

import sqlalchemy as sa

from musterpoint.storage.dialects import INTEGER_64

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def stamp(*, index: bool = False) -> sa.Column[int]:
    """The column `position` of a table whose rows a unit of work stamps with its first journal line."""
    line = sa.ForeignKey("journal.position", deferrable=True, initially="DEFERRED")
    return sa.Column("position", INTEGER_64, line, nullable=False, index=index)


def sealed(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    """Bytes of `Vault.seal`."""
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


def _number_of(table: str) -> sa.Column[int]:
    content = sa.ForeignKey(f"{table}.number")
    return sa.Column("number", INTEGER_64, content, primary_key=True, autoincrement=False)


# Stations whose events are in the journal; the vault has the keys by which our own one signs.
station = sa.Table(
    "station",
    METADATA,
    sa.Column("station_id", sa.Text, primary_key=True),
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    sa.Column("provisioned", INTEGER_64),
)

# One row: what the next line of the journal continues. Who writes locks it.
journal_head = sa.Table(
    "journal_head",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", INTEGER_64, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),
    sa.Column("station_id", sa.Text, sa.ForeignKey("station.station_id")),
    sa.Column("seq", INTEGER_64, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("clock", INTEGER_64, nullable=False),
    sa.CheckConstraint("number = 1", name="only"),
)

# entry: the leaf of the transparency log. ops, person: salt and payload, sealed under the key of the
# agreement (of the installation where there is none) and of the encounter.
journal = sa.Table(
    "journal",
    METADATA,
    sa.Column("position", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("occurred_at", INTEGER_64, nullable=False),
    sa.Column("station_id", sa.Text, sa.ForeignKey("station.station_id"), nullable=False),
    sa.Column("seq", INTEGER_64, nullable=False),
    sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("agreement", sa.Text),
    sa.Column("encounter_id", sa.Uuid),
    sealed("ops", nullable=True),
    sealed("person", nullable=True),
    sa.CheckConstraint("position > 0", name="position"),
    sa.UniqueConstraint("station_id", "seq"),
)

# Levels from 1; level 0 stands in the journal's leaf hashes.
journal_tile = sa.Table(
    "journal_tile",
    METADATA,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)

gallery = sa.Table(
    "gallery",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    stamp(),
)

subject = sa.Table(
    "subject",
    METADATA,
    sa.Column("subject_id", sa.Uuid, primary_key=True),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("merged_into", sa.Uuid, sa.ForeignKey("subject.subject_id")),
    stamp(),
)

# Sealed JSON: {"not_captured":[[finger position, reason], …],"source_record":"…"}
encounter_detail = sa.Table(
    "encounter_detail",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sealed("detail"),
)

encounter = sa.Table(
    "encounter",
    METADATA,
    _number_of("encounter_detail"),
    sa.Column("encounter_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("subject_id", sa.Uuid, sa.ForeignKey("subject.subject_id"), index=True),
    sa.Column("kind", sa.Text, nullable=False),
    # No index: with one, SQLite would rather read a whole gallery than the newest references.
    sa.Column("gallery", sa.Text, sa.ForeignKey("gallery.name"), nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("occurred_at", INTEGER_64, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("answer", sa.Text),
    stamp(),
    sa.Index(None, "occurred_at", "encounter_id"),
)

# An encounter is searched in every gallery that it joined and has not left.
encounter_gallery = sa.Table(
    "encounter_gallery",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("encounter_number", INTEGER_64, sa.ForeignKey("encounter.number"), nullable=False),
    sa.Column("gallery", sa.Text, sa.ForeignKey("gallery.name"), nullable=False),
    stamp(),
    sa.Column(
        "left_position", INTEGER_64, sa.ForeignKey("journal.position", deferrable=True, initially="DEFERRED")
    ),
    sa.Index(None, "encounter_number", "gallery"),
)

# Encounters whose references went to somebody else, joined or left a gallery, or are gone: what was
# loaded before is out of date.
index_change = sa.Table(
    "index_change",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("encounter_id", sa.Uuid, nullable=False),
    stamp(index=True),
)

# Sealed: finger position and quality in a byte each (255: none), then the template.
reference_template = sa.Table(
    "reference_template",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sealed("template"),
)

reference = sa.Table(
    "reference",
    METADATA,
    _number_of("reference_template"),
    sa.Column("reference_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("encounter_number", INTEGER_64, sa.ForeignKey("encounter.number"), nullable=False, index=True),
    stamp(index=True),
)

# Apart from the templates, so that loading those does not read past the images.
reference_image = sa.Table(
    "reference_image",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sealed("image"),
)

# The two encounters of a case are named without foreign keys: a case outlives their erasure.
adjudication_case = sa.Table(
    "adjudication_case",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("case_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("encounter_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("people", sa.Integer, nullable=False),
    sa.Column("opened_at", INTEGER_64, nullable=False),
    sa.Column("verdict", sa.Text, index=True),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", INTEGER_64),
    stamp(),
    sa.CheckConstraint("number > 0", name="number"),
    sa.CheckConstraint("(verdict IS NULL) = (decided_at IS NULL)", name="decided"),
)

adjudication_candidate = sa.Table(
    "adjudication_candidate",
    METADATA,
    sa.Column("number", sa.Integer, sa.ForeignKey("adjudication_case.number"), primary_key=True),
    sa.Column("encounter_id", sa.Uuid, primary_key=True, index=True),
    sealed("strength"),
    sa.Column("verdict", sa.Text),
)

# content: sealed under the key of the encounter that the request brought about, or of the installation.
request = sa.Table(
    "request",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("request_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("encounter_id", sa.Uuid),
    sa.Column("is_erased", sa.Boolean(create_constraint=False), nullable=False),
    sealed("content"),
    stamp(),
)

# Which stored outcomes speak of which record, so that an erasure finds them all.
# is_own: the record came to be by this request, so that the outcome as a whole is about it.
request_mention = sa.Table(
    "request_mention",
    METADATA,
    sa.Column("record_id", sa.Uuid, primary_key=True),
    sa.Column("request_number", INTEGER_64, sa.ForeignKey("request.number"), primary_key=True, index=True),
    sa.Column("is_own", sa.Boolean(create_constraint=False), nullable=False),
)

# has_residue: the erasure is committed, but its bytes may still stand in the write-ahead log.
erased_subject = sa.Table(
    "erased_subject",
    METADATA,
    sa.Column("subject_id", sa.Uuid, primary_key=True),
    sa.Column("has_residue", sa.Boolean(create_constraint=False), nullable=False),
    stamp(),
)

erased_encounter = sa.Table(
    "erased_encounter",
    METADATA,
    sa.Column("encounter_id", sa.Uuid, primary_key=True),
    sa.Column("subject_id", sa.Uuid, sa.ForeignKey("erased_subject.subject_id"), nullable=False, index=True),
)
