"""The whole registry in standard formats: lines of JSON, ISO/IEC 19794-2 records, PNG images.

An export is a copy that this registry can no longer reach. It is journalled before the first byte is
written, and from then on stands in the list of those who have a copy: every later erasure waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from musterpoint import templates
from musterpoint.clock import to_text
from musterpoint.comparison import COMPARATOR_VERSION
from musterpoint.errors import NoAgreement, RecordError, VersionMismatch
from musterpoint.extraction import EXTRACTOR_VERSION
from musterpoint.identifiers import new_uuid
from musterpoint.interchange import iso19794_2
from musterpoint.registry import Encounter, Reference
from musterpoint.registry.erasure import StoreKind
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, erasing, exchanging
from musterpoint.templates import Template
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.exchange_files import Folder
from musterpoint.workflows.station import Station

FORMAT: Final = "musterpoint-export/1"

ENCOUNTERS: Final = "encounters.jsonl"
REFERENCES: Final = "references.jsonl"
CASES: Final = "cases.jsonl"
REQUESTS: Final = "requests.jsonl"

KIND: Final = "agreement_kind"
"""In the manifest: under which kind of agreement people are in the export, `PRACTICE` or `REAL`."""
PRACTICE: Final = "practice"
REAL: Final = "real"

Advance = Callable[[int, int], object]
"""Told after each encounter: how many are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export wrote.

    digest      SHA-256 of its manifest
    holder      what the list of those who have a copy calls it
    is_resumed  an earlier run had begun it
    """

    export_id: str
    holder: str
    digest: str
    counts: dict[str, int]
    is_resumed: bool


def export_all(station: Station, out: Path, *, purpose: str, advance: Advance | None = None) -> Exported:
    """Write everything but keys, seats and the log into a folder; one that was interrupted is gone on with.

    purpose  why; one that a live agreement covers

    Raises as `authorise` does, Conflict where the folder holds something else, StorageFull.
    """
    refuse_without_purpose(purpose)
    with station.database.read() as snapshot:
        authorise(station, snapshot, Act.EXPORT_REGISTRY, purpose=purpose)
    folder = Folder.begin(out, FORMAT, str(new_uuid()))
    holder = f"export {folder.export_id}"
    with station.unit_of_work() as work:
        permission = authorise(station, work, Act.EXPORT_REGISTRY, purpose=purpose)
        erasing.add_holder(work, holder, StoreKind.EXPORT)
        said = {"export": folder.export_id, "what": "registry", "purpose": purpose, "holder": holder}
        work.append_journal("export", permission.confirmed(said, "second"))
        work.commit()
    with station.database.read() as snapshot:
        counts = _write(snapshot, folder, advance or _silent)
        facts = {
            KIND: PRACTICE if permission.is_practice else REAL,
            "made_at": to_text(station.clock.now()),
            "position": snapshot.position,
            "root": snapshot.root().hex(),
            "extractor": EXTRACTOR_VERSION,
            "comparator": COMPARATOR_VERSION,
            "counts": counts,
        }
        digest = folder.finish(facts)
    return Exported(
        export_id=folder.export_id,
        holder=holder,
        digest=digest,
        counts=counts,
        is_resumed=folder.is_resumed,
    )


def refuse_without_purpose(purpose: str) -> None:
    """Raise NoAgreement where nobody says what an export is for."""
    if not purpose.strip():
        raise NoAgreement(
            expected="a purpose that a live agreement covers",
            found="no purpose",
            hint="Say what the export is for, with --purpose",
        )


def _silent(_done: int, _total: int) -> None:
    return None


def _write(snapshot: Snapshot, folder: Folder, advance: Advance) -> dict[str, int]:
    encounters = snapshot.encounters()
    counts = {
        one.name: folder.write_lines(f"{one.name}.jsonl", exchanging.rows_of(snapshot, one))
        for one in (*exchanging.EXCHANGED, *exchanging.AFTER_ENCOUNTERS)
    }
    counts["encounters"] = folder.write_lines(
        ENCOUNTERS, (_with_galleries(snapshot, encounter) for encounter in encounters)
    )
    counts["references"] = folder.write_lines(REFERENCES, _references(snapshot, folder, encounters, advance))
    there = {encounter.encounter_id for encounter in encounters}
    cases = (exchanging.case_row(case) for case in snapshot.cases() if case.encounter_id in there)
    counts["cases"] = folder.write_lines(CASES, cases)
    counts["requests"] = folder.write_lines(REQUESTS, exchanging.requests_of(snapshot))
    return counts


def _with_galleries(snapshot: Snapshot, encounter: Encounter) -> dict[str, Any]:
    return exchanging.encounter_row(encounter) | {
        "galleries": list(snapshot.galleries_of(encounter.encounter_id))
    }


def _references(
    snapshot: Snapshot, folder: Folder, encounters: tuple[Encounter, ...], advance: Advance
) -> Iterator[dict[str, Any]]:
    for done, encounter in enumerate(encounters, start=1):
        for reference in snapshot.references(encounter.encounter_id):
            yield write_reference(folder, reference)
        advance(done, len(encounters))


def write_reference(folder: Folder, reference: Reference) -> dict[str, Any]:
    """Write the files of a finger; returns its line: names of files, position, quality and version."""
    template = readable(reference.template)
    stem = f"fingers/{reference.encounter_id}/{reference.reference_id}"
    return {
        "reference_id": str(reference.reference_id),
        "encounter_id": str(reference.encounter_id),
        "position": reference.position.label,
        "quality": reference.quality,
        "extractor": template.extractor if template else None,
        "template": folder.keep(f"{stem}.mpt", reference.template),
        "record": folder.keep(f"{stem}.fmr", iso19794_2.write([template])) if template else None,
        "image": folder.keep(f"{stem}.png", reference.image) if reference.image is not None else None,
    }


def readable(data: bytes) -> Template | None:
    """The template of these bytes, or None where this version cannot read them: the bytes go as they are."""
    try:
        return templates.decode(data)
    except (RecordError, VersionMismatch):
        return None
