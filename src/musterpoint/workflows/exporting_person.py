"""Everything that is held on one person, for that person: readable, with images and templates in standard
formats, all events about them, who searched, and what was decided.

Other people who are named beside them (candidates of a case, a carer) are left out: what is theirs is not
this person's to have. The folder is closed by a manifest, as that of the whole registry is.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from musterpoint.clock import to_text
from musterpoint.depiction.person import render_person
from musterpoint.identifiers import EncounterId, new_uuid
from musterpoint.registry import Case, JournalLine
from musterpoint.registry.rights import Act
from musterpoint.storage import Snapshot, exchanging, retention
from musterpoint.transparency.canonical import parse_canonical
from musterpoint.transparency.commitments import SALT_BYTES
from musterpoint.workflows.authorising import authorise
from musterpoint.workflows.erasure import Erasable, find_erasable
from musterpoint.workflows.exchange_files import Folder
from musterpoint.workflows.exporting import refuse_without_purpose, write_reference
from musterpoint.workflows.seeing import require_seen
from musterpoint.workflows.station import Station

FORMAT: Final = "musterpoint-person/1"
ANSWER: Final = "person.json"
PAGE: Final = "index.html"

_JOURNAL_LINES_A_READ: Final = 1000
_SEARCHES: Final = frozenset({"searched", "identified", "verified"})
_OTHERS: Final = "another person"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonExported:
    """What was written for a person."""

    export_id: str
    digest: str
    encounters: int
    images: int
    events: int


def export_person(station: Station, text: str, out: Path, *, purpose: str) -> PersonExported:
    """Write everything that is held on one person into a folder.

    text     identifier of a subject, or of an encounter that belongs to nobody yet
    purpose  why; one that a live agreement covers

    Raises as `authorise` does, NotFound, Conflict where the folder holds something else, StorageFull.
    """
    refuse_without_purpose(purpose)
    with station.database.read() as snapshot:
        permission = authorise(station, snapshot, Act.EXPORT_PERSON, purpose=purpose)
        person = find_erasable(snapshot, text)
        require_seen(snapshot, permission.actor.seat, person.encounters)
    folder = Folder.begin(out, FORMAT, str(new_uuid()))
    with station.unit_of_work() as work:
        authorise(station, work, Act.EXPORT_PERSON, purpose=purpose)
        facts = {"export": folder.export_id, "what": "person", "purpose": purpose} | _named(person)
        work.append_journal("export", permission.confirmed(facts, "second"))
        work.commit()
    with station.database.read() as snapshot:
        answer = _everything(snapshot, person, folder)
        answer["made_at"] = to_text(station.clock.now())
        folder.write(ANSWER, (json.dumps(answer, indent=2, ensure_ascii=False) + "\n").encode())
        folder.write(PAGE, render_person(answer).encode())
        digest = folder.finish({"position": snapshot.position})
    fingers = [finger for visit in answer["visits"] for finger in visit["fingers"]]
    return PersonExported(
        export_id=folder.export_id,
        digest=digest,
        encounters=len(answer["visits"]),
        images=sum(finger["image"] is not None for finger in fingers),
        events=len(answer["events"]),
    )


def _named(person: Erasable) -> dict[str, str]:
    if person.subject_id is not None:
        return {"subject": str(person.subject_id)}
    return {"encounter": str(person.encounters[0])}


def _everything(snapshot: Snapshot, person: Erasable, folder: Folder) -> dict[str, Any]:
    own = {str(one) for one in (person.subject_id, *person.encounters) if one is not None}
    cases = [case for case in snapshot.cases() if _is_about(case, person.encounters)]
    own |= {str(case.case_id) for case in cases if case.encounter_id in person.encounters}
    others = exchanging.record_ids(snapshot) - own
    events = _events(snapshot, own, others, {case.number for case in cases})
    return {
        "format": FORMAT,
        "person": str(person.record_id),
        "visits": [_visit(snapshot, one, folder) for one in person.encounters],
        "cases": [_case(case, person.encounters) for case in cases],
        "records": _rows(snapshot, own, others),
        "events": events,
        "searches": [event for event in events if event["kind"] in _SEARCHES],
        "decisions": [event for event in events if event["kind"] in {"decided", "pair.decided"}],
    }


def _is_about(case: Case, encounters: Collection[EncounterId]) -> bool:
    among = {case.encounter_id, *(candidate.encounter_id for candidate in case.candidates)}
    return bool(among & set(encounters))


def _visit(snapshot: Snapshot, encounter_id: EncounterId, folder: Folder) -> dict[str, Any]:
    encounter = snapshot.encounter(encounter_id)
    [kept] = retention.records(snapshot, [encounter_id])
    told = [
        {"position": position, "facts": parse_canonical(salted[SALT_BYTES:])}
        for position, salted in snapshot.person_openings(encounter_id)
    ]
    return exchanging.encounter_row(encounter) | {
        "came_at": to_text(encounter.occurred_at),
        "galleries": list(snapshot.galleries_of(encounter_id)),
        "kept_until": to_text(kept.facts.retain_until),
        "images_kept_until": to_text(kept.images_until) if kept.images_until else None,
        "held_until": to_text(kept.facts.held_until) if kept.facts.held_until else None,
        "fingers": [write_reference(folder, one) for one in snapshot.references(encounter_id)],
        "told": told,
    }


def _case(case: Case, encounters: Collection[EncounterId]) -> dict[str, Any]:
    """A case without who else was in it."""
    is_theirs = case.encounter_id in encounters
    about = "whether this person was here before" if is_theirs else "whether somebody else is this person"
    return {
        "case": case.number,
        "about": about,
        "opened_at": to_text(case.opened_at),
        "candidates": len(case.candidates) if is_theirs else None,
        "verdict": case.verdict.value if case.verdict else None,
        "decided_by": case.decided_by,
        "decided_at": to_text(case.decided_at) if case.decided_at else None,
    }


def _rows(
    snapshot: Snapshot, own: Collection[str], others: Collection[str]
) -> dict[str, list[Mapping[str, Any]]]:
    """Rows of other tables that name the person, by table; identifiers of others taken out."""
    found = {}
    for exchanged in exchanging.AFTER_ENCOUNTERS:
        mine = [
            _without_others(row, others)
            for row in exchanging.rows_of(snapshot, exchanged)
            if set(own) & {value for value in row.values() if isinstance(value, str)}
        ]
        if mine:
            found[exchanged.name] = mine
    return found


def _without_others(value: Any, others: Collection[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without_others(one, others) for name, one in value.items()}
    if isinstance(value, list):
        return [_without_others(one, others) for one in value]
    return _OTHERS if isinstance(value, str) and value in others else value


def _events(
    snapshot: Snapshot, own: Collection[str], others: Collection[str], cases: Collection[int]
) -> list[dict[str, Any]]:
    """Journal lines that name the person or one of their cases, in order."""
    found: list[dict[str, Any]] = []
    since = 0
    while lines := snapshot.journal(since=since, limit=_JOURNAL_LINES_A_READ):
        found += [_event(line, others) for line in lines if _names(line, own, cases)]
        since = lines[-1].position
    return found


def _names(line: JournalLine, own: Collection[str], cases: Collection[int]) -> bool:
    if any(one in line.body for one in own):
        return True
    return bool(cases) and '"case":' in line.body and json.loads(line.body).get("case") in cases


def _event(line: JournalLine, others: Collection[str]) -> dict[str, Any]:
    return {
        "line": line.position,
        "at": to_text(line.occurred_at),
        "kind": line.kind,
        "by": line.author,
        "facts": _without_others(json.loads(line.body), others),
    }
