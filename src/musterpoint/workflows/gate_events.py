"""What the gate says in the journal: one line for each thing that happened to a person, in order.

Facts without a person are pseudonymous and stay; what could tell who somebody is goes into the part that
is sealed under the encounter's key and is gone with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from musterpoint.identifiers import AgreementId, EncounterId
from musterpoint.registry import Encounter, NotCaptured
from musterpoint.registry.decisions import Decision
from musterpoint.storage import UnitOfWork
from musterpoint.workflows.authorising import Permission
from musterpoint.workflows.capturing import Capture
from musterpoint.workflows.children import Told
from musterpoint.workflows.searching import Found

Facts = Mapping[str, str | int | Sequence[str]]


@dataclass(frozen=True, slots=True)
class GateJournal:
    """The journal of one unit of work, as far as it is about one encounter."""

    work: UnitOfWork
    encounter_id: EncounterId
    agreement_id: AgreementId | None

    def say(self, kind: str, ops: Facts, person: Facts | None = None) -> int:
        """Append a line about the encounter; returns its position."""
        mine = {"encounter": str(self.encounter_id)}
        return self.work.append_journal(
            kind,
            mine | dict(ops),
            person=person or None,
            encounter_id=self.encounter_id if person else None,
            agreement=self.agreement_id,
        )

    def presented(self, encounter: Encounter, told: Told) -> None:
        """Somebody came, and perhaps consented; what they told of themselves is sealed."""
        self.say("presented", {"site": encounter.site, "purpose": encounter.purpose}, _told(told))
        if told.consent:
            self.say("consent", {"purpose": encounter.purpose, "answer": "yes", "kind": told.consent})

    def captured(
        self,
        captures: Sequence[Capture],
        not_captured: Sequence[NotCaptured],
        asked: Sequence[str],
        unexplained: int,
    ) -> None:
        """Which fingers were captured and which were not; the reasons are sealed.

        unexplained  fingers and second impressions that were asked, without a capture and without a reason
        """
        fingers = [f"{one.template.position.label} {_quality(one)}" for one in captures]
        missing = [f"{one.position.label} {one.reason.value}" for one in not_captured]
        self.say(
            "captured",
            {
                "fingers_asked": len(asked),
                "fingers_found": len(captures),
                "fingers_missing": len(missing),
                "fingers_unexplained": unexplained,
            },
            {"found": fingers, "missing": missing},
        )

    def searched(self, permission: Permission, found: Found, scope: SearchScope) -> None:
        """Which galleries, how large, at which position of the log, and with which threshold."""
        self.say(
            "searched",
            {
                "purpose": permission.purpose,
                "galleries": list(scope.searched),
                "galleries_not_searched": list(scope.not_searched),
                "people": found.people,
                "references": found.references,
                "position": found.position,
                "result": scope.result,
                "comparator": found.comparator,
                **permission.facts(found.needed, found.calibration),
            },
            {"candidates": len(found.candidates)},
        )

    def outcome(self, encounter: Encounter, reason: str) -> int:
        """What came of the presentation."""
        return self.say(
            "outcome",
            {
                "kind": encounter.kind.value,
                "gallery": encounter.gallery,
                "site": encounter.site,
                "outcome": encounter.outcome.value,
                "answer": encounter.answer.value if encounter.answer else "",
                "reason": reason,
            },
        )

    def decided(self, permission: Permission, decision: Decision) -> int:
        """What was decided, confirmed by the keys of those who decided where the agreement asks for it."""
        ops: dict[str, str | int | Sequence[str]] = {
            "encounter": str(self.encounter_id),
            "decision": decision.state.value,
            "exception_of": decision.exception_of.value if decision.exception_of else "",
            "seat": decision.author,
        }
        # That a decision has a date tells a child from a grown-up, so it goes with the person.
        person: Facts = {
            "ground": decision.ground,
            "carer": str(decision.carer) if decision.carer else "",
            "expires_at": decision.expires_at or 0,
        }
        return self.say("decided", permission.confirmed(ops, decision.state.value), person)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchScope:
    """Galleries by name, and what the search said."""

    searched: Sequence[str]
    not_searched: Sequence[str]
    result: str


def _quality(one: Capture) -> str:
    return "-" if one.template.quality is None else str(one.template.quality)


def _told(told: Told) -> dict[str, str | int | Sequence[str]]:
    facts: dict[str, str | int | Sequence[str]] = {}
    if told.age is not None:
        facts["age"] = told.age
    if told.carer is not None:
        facts["carer"] = str(told.carer)
    if told.biography is not None and not told.biography.is_empty:
        facts["name"] = told.biography.name
        facts["born"] = told.biography.born
        facts["fields"] = [f"{name}: {text}" for name, text in told.biography.fields.items()]
    return facts
