"""The registry's first tables: journal, subjects, encounters, references, cases, requests, erasures.

A revision is never changed once released; `musterpoint.storage.tables` shows what all of them add up to.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INTEGER_64 = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _make_journal()
    _make_people()
    _make_fingers()
    _make_cases()
    _make_requests()
    _make_erasures()


def downgrade() -> None:
    """Take all tables away with everything in them; their indexes go with them."""
    for table in (
        "erased_encounter",
        "erased_subject",
        "request_mention",
        "request",
        "adjudication_candidate",
        "adjudication_case",
        "reference_image",
        "reference",
        "reference_template",
        "encounter",
        "encounter_detail",
        "subject",
        "gallery",
        "journal",
    ):
        op.drop_table(table)


def _stamp(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    return (
        sa.Column("position", INTEGER_64, nullable=False),
        sa.ForeignKeyConstraint(
            ["position"],
            ["journal.position"],
            name=f"fk_{table}_position",
            deferrable=True,
            initially="DEFERRED",
        ),
    )


def _make_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("position", INTEGER_64, autoincrement=False, nullable=False),
        sa.Column("occurred_at", INTEGER_64, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_journal_position")),
        sa.PrimaryKeyConstraint("position", name="pk_journal"),
    )


def _make_people() -> None:
    op.create_table(
        "gallery",
        sa.Column("name", sa.Text, nullable=False),
        *_stamp("gallery"),
        sa.PrimaryKeyConstraint("name", name="pk_gallery"),
    )
    op.create_table(
        "subject",
        sa.Column("subject_id", sa.Uuid, nullable=False),
        *_stamp("subject"),
        sa.PrimaryKeyConstraint("subject_id", name="pk_subject"),
    )
    _make_content("encounter_detail", sa.Column("detail", sa.Text, nullable=False))
    op.create_table(
        "encounter",
        sa.Column("number", INTEGER_64, autoincrement=False, nullable=False),
        sa.Column("encounter_id", sa.Uuid, nullable=False),
        sa.Column("subject_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("gallery", sa.Text, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("occurred_at", INTEGER_64, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("answer", sa.Text),
        *_stamp("encounter"),
        sa.ForeignKeyConstraint(["number"], ["encounter_detail.number"], name="fk_encounter_number"),
        sa.ForeignKeyConstraint(["subject_id"], ["subject.subject_id"], name="fk_encounter_subject_id"),
        sa.ForeignKeyConstraint(["gallery"], ["gallery.name"], name="fk_encounter_gallery"),
        sa.PrimaryKeyConstraint("number", name="pk_encounter"),
        sa.UniqueConstraint("encounter_id", name="uq_encounter_encounter_id"),
    )
    op.create_index("ix_encounter_subject_id", "encounter", ["subject_id"])
    op.create_index("ix_encounter_occurred_at_encounter_id", "encounter", ["occurred_at", "encounter_id"])


def _make_fingers() -> None:
    _make_content("reference_template", sa.Column("template", sa.LargeBinary, nullable=False))
    op.create_table(
        "reference",
        sa.Column("number", INTEGER_64, autoincrement=False, nullable=False),
        sa.Column("reference_id", sa.Uuid, nullable=False),
        sa.Column("encounter_number", INTEGER_64, nullable=False),
        sa.Column("finger_position", sa.Integer, nullable=False),
        sa.Column("quality", sa.Integer),
        *_stamp("reference"),
        sa.CheckConstraint("quality BETWEEN 0 AND 100", name=op.f("ck_reference_quality")),
        sa.ForeignKeyConstraint(["number"], ["reference_template.number"], name="fk_reference_number"),
        sa.ForeignKeyConstraint(
            ["encounter_number"], ["encounter.number"], name="fk_reference_encounter_number"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_reference"),
        sa.UniqueConstraint("reference_id", name="uq_reference_reference_id"),
    )
    op.create_index("ix_reference_encounter_number", "reference", ["encounter_number"])
    op.create_index("ix_reference_position", "reference", ["position"])
    _make_content("reference_image", sa.Column("image", sa.LargeBinary, nullable=False))


def _make_content(table: str, content: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column("number", INTEGER_64, autoincrement=False, nullable=False),
        content,
        sa.PrimaryKeyConstraint("number", name=f"pk_{table}"),
    )


def _make_cases() -> None:
    op.create_table(
        "adjudication_case",
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Uuid, nullable=False),
        sa.Column("encounter_id", sa.Uuid, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("opened_at", INTEGER_64, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.Column("decided_by", sa.Text, nullable=False),
        sa.Column("decided_at", INTEGER_64),
        *_stamp("adjudication_case"),
        sa.CheckConstraint("number > 0", name=op.f("ck_adjudication_case_number")),
        sa.CheckConstraint(
            "(verdict IS NULL) = (decided_at IS NULL)", name=op.f("ck_adjudication_case_decided")
        ),
        sa.PrimaryKeyConstraint("number", name="pk_adjudication_case"),
        sa.UniqueConstraint("case_id", name="uq_adjudication_case_case_id"),
        sa.UniqueConstraint("encounter_id", name="uq_adjudication_case_encounter_id"),
    )
    op.create_index("ix_adjudication_case_verdict", "adjudication_case", ["verdict"])
    op.create_table(
        "adjudication_candidate",
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("encounter_id", sa.Uuid, nullable=False),
        sa.Column("ordinal", sa.Integer, nullable=False),
        sa.Column("strength", sa.Integer, nullable=False),
        sa.Column("verdict", sa.Text),
        sa.ForeignKeyConstraint(
            ["number"], ["adjudication_case.number"], name="fk_adjudication_candidate_number"
        ),
        sa.PrimaryKeyConstraint("number", "encounter_id", name="pk_adjudication_candidate"),
    )
    op.create_index("ix_adjudication_candidate_encounter_id", "adjudication_candidate", ["encounter_id"])


def _make_requests() -> None:
    op.create_table(
        "request",
        sa.Column("number", INTEGER_64, autoincrement=False, nullable=False),
        sa.Column("request_id", sa.Uuid, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        *_stamp("request"),
        sa.PrimaryKeyConstraint("number", name="pk_request"),
        sa.UniqueConstraint("request_id", name="uq_request_request_id"),
    )
    op.create_table(
        "request_mention",
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("request_number", INTEGER_64, nullable=False),
        sa.Column("is_own", sa.Boolean, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_number"], ["request.number"], name="fk_request_mention_request_number"
        ),
        sa.PrimaryKeyConstraint("record_id", "request_number", name="pk_request_mention"),
    )
    op.create_index("ix_request_mention_request_number", "request_mention", ["request_number"])


def _make_erasures() -> None:
    op.create_table(
        "erased_subject",
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.Column("has_residue", sa.Boolean, nullable=False),
        *_stamp("erased_subject"),
        sa.PrimaryKeyConstraint("subject_id", name="pk_erased_subject"),
    )
    op.create_table(
        "erased_encounter",
        sa.Column("encounter_id", sa.Uuid, nullable=False),
        sa.Column("subject_id", sa.Uuid, nullable=False),
        sa.ForeignKeyConstraint(
            ["subject_id"], ["erased_subject.subject_id"], name="fk_erased_encounter_subject_id"
        ),
        sa.PrimaryKeyConstraint("encounter_id", name="pk_erased_encounter"),
    )
    op.create_index("ix_erased_encounter_subject_id", "erased_encounter", ["subject_id"])
