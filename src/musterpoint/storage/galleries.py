"""What is known of galleries beyond their names: owner, purpose, practice, and under which agreements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from musterpoint.identifiers import AgreementId
from musterpoint.storage import tables
from musterpoint.storage.reading import Snapshot
from musterpoint.storage.rows import Row

if TYPE_CHECKING:
    from musterpoint.storage.writing import UnitOfWork

gallery_term = sa.Table(
    "gallery_term",
    tables.METADATA,
    sa.Column("name", sa.Text, sa.ForeignKey("gallery.name"), primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("is_practice", sa.Boolean(create_constraint=False), nullable=False),
    sa.Column("no_list", sa.Boolean(create_constraint=False), nullable=False),
    tables.stamp(),
)
"""Whose gallery it is and what for; a gallery without a row is nobody's, and no agreement reaches it."""

gallery_agreement = sa.Table(
    "gallery_agreement",
    tables.METADATA,
    sa.Column("name", sa.Text, sa.ForeignKey("gallery.name"), primary_key=True),
    sa.Column("agreement_id", sa.Uuid, primary_key=True),
    sa.Column("is_attached", sa.Boolean(create_constraint=False), nullable=False),
    tables.stamp(),
)
"""Galleries that an agreement reaches; detaching takes one away from it without changing what was signed."""

# Made once: every search asks for these, and making a statement takes longer than carrying it out.
_TERMS: Final = sa.select(gallery_term).order_by(gallery_term.c.name)
_ATTACHED: Final = sa.select(gallery_agreement.c.name, gallery_agreement.c.agreement_id).where(
    gallery_agreement.c.is_attached
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryTerms:
    """Whose gallery it is and what for.

    is_practice  it holds synthetic people, and only the practice agreement reaches it
    no_list      a capture officer never learns more than known, not known or cannot tell from it
    agreements   those that reach it
    """

    name: str
    owner: str
    purpose: str
    is_practice: bool = False
    no_list: bool = False
    agreements: frozenset[AgreementId] = frozenset()


def add(work: UnitOfWork, made: GalleryTerms) -> None:
    """Say whose gallery it is, making it if there is none. Raises Conflict where that was said before."""
    work.add_gallery_if_missing(made.name)
    work.insert(
        gallery_term,
        work.stamped(
            {
                "name": made.name,
                "owner": made.owner,
                "purpose": made.purpose,
                "is_practice": made.is_practice,
                "no_list": made.no_list,
            }
        ),
    )
    for agreement_id in sorted(made.agreements):
        attach(work, made.name, agreement_id)


def attach(work: UnitOfWork, name: str, agreement_id: AgreementId, *, is_attached: bool = True) -> None:
    """Let an agreement reach a gallery, or not any more."""
    row, mine = gallery_agreement.c, {"name": name, "agreement_id": agreement_id}
    here = (row.name == name, row.agreement_id == agreement_id)
    if work.value_of(sa.select(row.name).where(*here)) is None:
        work.insert(gallery_agreement, work.stamped(mine | {"is_attached": is_attached}))
        return
    work.change(sa.update(gallery_agreement).where(*here).values(is_attached=is_attached))


def terms(snapshot: Snapshot) -> tuple[GalleryTerms, ...]:
    """Galleries of which something was said, by name."""
    attached = snapshot.fetch(_ATTACHED, lambda row: (str(row.name), AgreementId(row.agreement_id)))
    agreements: dict[str, set[AgreementId]] = {}
    for name, agreement_id in attached:
        agreements.setdefault(name, set()).add(agreement_id)

    def made(row: Row) -> GalleryTerms:
        return GalleryTerms(
            name=row.name,
            owner=row.owner,
            purpose=row.purpose,
            is_practice=bool(row.is_practice),
            no_list=bool(row.no_list),
            agreements=frozenset(agreements.get(row.name, ())),
        )

    return snapshot.fetch(_TERMS, made)
