"""The tables of the registry; `docs/reference/registry.md` says what each column means.

Every row that a unit of work adds carries the position of the unit's first journal line. Those foreign
keys are deferred, since the rows come before the line: the database itself then refuses a change that
no line of the journal stands for.
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


def _stamp() -> sa.Column[int]:
    line = sa.ForeignKey("journal.position", deferrable=True, initially="DEFERRED")
    return sa.Column("position", INTEGER_64, line, nullable=False)


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
    _stamp(),
)

subject = sa.Table(
    "subject",
    METADATA,
    sa.Column("subject_id", sa.Uuid, primary_key=True),
    _stamp(),
)

encounter = sa.Table(
    "encounter",
    METADATA,
    sa.Column("encounter_id", sa.Uuid, primary_key=True),
    sa.Column("subject_id", sa.Uuid, sa.ForeignKey("subject.subject_id"), index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("gallery", sa.Text, sa.ForeignKey("gallery.name"), nullable=False, index=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("site", sa.Text, nullable=False),
    sa.Column("occurred_at", INTEGER_64, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("source_record", sa.Text, nullable=False),
    _stamp(),
    sa.Index(None, "occurred_at", "encounter_id"),
)

not_captured = sa.Table(
    "not_captured",
    METADATA,
    sa.Column("encounter_id", sa.Uuid, sa.ForeignKey("encounter.encounter_id"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("finger_position", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

reference = sa.Table(
    "reference",
    METADATA,
    sa.Column("reference_id", sa.Uuid, primary_key=True),
    sa.Column("encounter_id", sa.Uuid, sa.ForeignKey("encounter.encounter_id"), nullable=False, index=True),
    sa.Column("finger_position", sa.Integer, nullable=False),
    sa.Column("quality", sa.Integer),
    sa.Column("template", sa.LargeBinary, nullable=False),
    _stamp(),
    sa.Column("ordinal", sa.Integer, nullable=False),
    sa.UniqueConstraint("position", "ordinal"),
    sa.CheckConstraint("quality BETWEEN 0 AND 100", name="quality"),
)

# Apart from the templates, so that loading those does not read past the images.
reference_image = sa.Table(
    "reference_image",
    METADATA,
    sa.Column("reference_id", sa.Uuid, sa.ForeignKey("reference.reference_id"), primary_key=True),
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
    _stamp(),
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
    sa.Column("request_id", sa.Uuid, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    _stamp(),
)

# Which stored outcomes speak of which record, so that an erasure finds them all.
# is_own: the record came to be by this request, so that the outcome as a whole is about it.
request_mention = sa.Table(
    "request_mention",
    METADATA,
    sa.Column("record_id", sa.Uuid, primary_key=True),
    sa.Column("request_id", sa.Uuid, sa.ForeignKey("request.request_id"), primary_key=True, index=True),
    sa.Column("is_own", sa.Boolean(create_constraint=False), nullable=False),
)

# has_residue: the erasure is committed, but its bytes may still stand in the write-ahead log.
erased_subject = sa.Table(
    "erased_subject",
    METADATA,
    sa.Column("subject_id", sa.Uuid, primary_key=True),
    sa.Column("has_residue", sa.Boolean(create_constraint=False), nullable=False),
    _stamp(),
)

erased_encounter = sa.Table(
    "erased_encounter",
    METADATA,
    sa.Column("encounter_id", sa.Uuid, primary_key=True),
    sa.Column("subject_id", sa.Uuid, sa.ForeignKey("erased_subject.subject_id"), nullable=False, index=True),
)
