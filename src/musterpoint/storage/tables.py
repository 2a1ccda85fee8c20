"""The tables of the registry; `docs/reference/registry.md` says what each column means.

Every row that a unit of work adds carries the position of the unit's first journal line. Those foreign
keys are deferred, since the rows come before the line: the database itself then refuses a change that
no line of the journal stands for.

Whatever a person could be recognised by stands in tables of two kinds of their own, `*_detail` and
`reference_template`, `reference_image`, and in `request`. Their rows are only ever added at the end, and
erased by overwriting them where they are. Deleting is not enough: SQLite moves rows from page to page
when it balances a tree and leaves copies in the unused parts, which `secure_delete` does not overwrite.
Numbers of such rows are never used again.
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


def _number_of(table: str) -> sa.Column[int]:
    content = sa.ForeignKey(f"{table}.number")
    return sa.Column("number", INTEGER_64, content, primary_key=True, autoincrement=False)


journal = sa.Table(
    "journal",
    METADATA,
    sa.Column("position", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("occurred_at", INTEGER_64, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.CheckConstraint("position > 0", name="position"),
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
    stamp(),
)

# JSON: {"not_captured":[[finger position, reason], …],"source_record":"…"}
encounter_detail = sa.Table(
    "encounter_detail",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("detail", sa.Text, nullable=False),
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

reference_template = sa.Table(
    "reference_template",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("template", sa.LargeBinary, nullable=False),
)

reference = sa.Table(
    "reference",
    METADATA,
    _number_of("reference_template"),
    sa.Column("reference_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("encounter_number", INTEGER_64, sa.ForeignKey("encounter.number"), nullable=False, index=True),
    sa.Column("finger_position", sa.Integer, nullable=False),
    sa.Column("quality", sa.Integer),
    stamp(index=True),
    sa.CheckConstraint("quality BETWEEN 0 AND 100", name="quality"),
)

# Apart from the templates, so that loading those does not read past the images.
reference_image = sa.Table(
    "reference_image",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("image", sa.LargeBinary, nullable=False),
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
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.Column("strength", sa.Integer, nullable=False),
    sa.Column("verdict", sa.Text),
)

request = sa.Table(
    "request",
    METADATA,
    sa.Column("number", INTEGER_64, primary_key=True, autoincrement=False),
    sa.Column("request_id", sa.Uuid, nullable=False, unique=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
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
