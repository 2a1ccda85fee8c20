"""Galleries: whose they are, what for, and under which agreements they may be searched."""

from __future__ import annotations

from dataclasses import dataclass

from musterpoint.errors import Conflict, NotFound, RoleMissing
from musterpoint.registry.agreements import PRACTICE_AGREEMENT, in_force
from musterpoint.registry.rights import Act, Extent, may
from musterpoint.registry.seats import PRACTICE_PARTY
from musterpoint.storage import Snapshot, agreements, galleries
from musterpoint.storage.galleries import GalleryTerms
from musterpoint.workflows.agreements import PurposeView, find_agreement, purposes_of
from musterpoint.workflows.authorising import Permission, authorise, latest, refused
from musterpoint.workflows.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryView:
    """A gallery as a seat may see it.

    terms     None where nobody has said whose it is, so that no agreement reaches it
    people    None where the seat only screens
    purposes  for which live agreements let it be searched, and what searches come to; nothing where the
              seat may not read thresholds
    """

    name: str
    terms: GalleryTerms | None
    people: int | None
    purposes: tuple[PurposeView, ...] = ()


def add_gallery(station: Station, made: GalleryTerms) -> int:
    """Say whose gallery it is and what for; returns the journal line.

    A gallery for practice is reached by the practice agreement, and whoever practises may add one; any
    other is reached by no agreement until it is attached. Raises Conflict where that was said before,
    and what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.ADD_GALLERY)
        if permission.actor.seat.is_practice != made.is_practice:
            refusal = RoleMissing(
                expected="a seat for practice, to add a gallery for practice"
                if made.is_practice
                else "a seat that is not for practice, to add a gallery of real people",
                found=f"the seat {permission.actor.seat.name}",
                hint="Act in another seat with --seat, or leave out --practice"
                if made.is_practice
                else "Act in another seat with --seat, or add --practice",
            )
            raise refused(station, work, Act.ADD_GALLERY, refusal, gallery=made.name)
        if any(one.name == made.name for one in galleries.terms(work)):
            raise Conflict(
                expected="the name of a gallery that has no owner yet",
                found="one that has an owner",
                hint="List them with: musterpoint gallery list",
                where=made.name,
            )
        terms = _of_practice(made) if made.is_practice else made
        galleries.add(work, terms)
        facts: dict[str, str | int] = {
            "gallery": terms.name,
            "owner": terms.owner,
            "purpose": terms.purpose,
            "practice": int(terms.is_practice),
            "no_list": int(terms.no_list),
        }
        position = work.append_journal("gallery.added", permission.confirmed(facts, "correction"))
        work.commit()
    return position


def _of_practice(made: GalleryTerms) -> GalleryTerms:
    return GalleryTerms(
        name=made.name,
        owner=PRACTICE_PARTY,
        purpose=made.purpose,
        is_practice=True,
        no_list=made.no_list,
        agreements=frozenset({PRACTICE_AGREEMENT}),
    )


def attach_gallery(station: Station, name: str, agreement: str, *, is_attached: bool = True) -> int:
    """Let an agreement reach a gallery that it names, or take it away from it; returns the journal line.

    Taking away changes nothing that was signed: it is how an owner withdraws. Raises NotFound, Conflict
    where the agreement does not name the gallery or it is for practice, and what `authorise` raises.
    """
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.ATTACH_GALLERY)
        found = find_agreement(work, agreement, latest(work, station.clock))
        terms = next((one for one in galleries.terms(work) if one.name == name), None)
        if terms is None:
            raise NotFound(
                expected="a gallery whose owner is known",
                found="no gallery of this name",
                hint="Add it first: musterpoint gallery add",
                where=name,
            )
        if terms.is_practice or name not in found.version.galleries():
            raise Conflict(
                expected="a gallery that the agreement names",
                found="a gallery for practice" if terms.is_practice else "one that it does not name",
                hint="What an agreement reaches is what was signed; a new version may name more",
                where=name,
            )
        galleries.attach(work, name, found.agreement_id, is_attached=is_attached)
        facts = permission.confirmed({"gallery": name, "agreement": str(found.agreement_id)}, "correction")
        if is_attached:
            position = work.append_journal("gallery.attached", facts)
        else:
            position = work.append_journal("gallery.detached", facts)
        work.commit()
    return position


def list_galleries(station: Station) -> tuple[GalleryView, ...]:
    """All galleries by name. Raises what `authorise` raises."""
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.READ_GALLERIES)
        known = {one.name: one for one in galleries.terms(snapshot)}
        purposes = _purposes(station, snapshot, permission)
        return tuple(
            GalleryView(
                name=name,
                terms=known.get(name),
                people=None if permission.extent is Extent.LIMITED else snapshot.people({name}),
                purposes=tuple(one for one in purposes if name in one.galleries),
            )
            for name in snapshot.galleries()
        )


def _purposes(station: Station, snapshot: Snapshot, permission: Permission) -> list[PurposeView]:
    """What searches under live agreements come to, as far as the seat may know it."""
    if permission.extent is Extent.LIMITED or not may(permission.actor.seat.role, Act.READ_THRESHOLDS):
        return []
    now = latest(snapshot, station.clock)
    live = [one for one in in_force(agreements.agreements(snapshot), now) if one.is_live(now)]
    return [purpose for one in live for purpose in purposes_of(snapshot, one, now)]
