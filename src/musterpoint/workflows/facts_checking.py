"""Whether what stands in clear in the tables is what the signed journal says.

Templates and texts are sealed, and the journal is signed; seats, decisions and answers stand in clear
columns that whoever can write the file can change. Here they are compared with the lines that were written
beside them, and the signatures of seats in those lines are verified.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from musterpoint.registry.values import JournalLine
from musterpoint.storage import Snapshot, decisions, seats
from musterpoint.storage.checking import Finding
from musterpoint.workflows.acting import confirmation_bytes

_REMEDY: Final = "Find out who can write to the files, keep them as they are, and restore a backup"
_SIGNATURES: Final = ("confirmation", "second", "second_confirmation")

Facts = dict[str, Any]


def findings(snapshot: Snapshot) -> Iterator[Finding]:
    """What contradicts the journal; nothing is changed."""
    lines = [(line, json.loads(line.body)) for line in snapshot.journal()]
    yield from _seats(snapshot, lines)
    yield from _signatures(lines)
    yield from _encounters(snapshot, lines)


def _seats(snapshot: Snapshot, lines: list[tuple[JournalLine, Facts]]) -> Iterator[Finding]:
    granted = {
        facts["seat"]: (facts["role"], facts["party"], facts["key"], bool(facts["practice"]))
        for line, facts in lines
        if line.kind == "role.granted"
    }
    revoked = {facts.get("seat") for line, facts in lines if line.kind == "role.revoked"}
    wrong = [
        one.name
        for one in seats.seats(snapshot)
        if granted.get(one.name) != (one.role.value, one.party, one.public_key.hex(), one.is_practice)
        or (one.revoked_at is not None) != (one.name in revoked)
    ]
    if wrong:
        yield Finding(
            what="seats that are not what the journal says was granted",
            affected="whatever was done in them",
            remedy=_REMEDY,
            places=tuple(wrong[:5]),
            count=len(wrong),
        )


def _signatures(lines: list[tuple[JournalLine, Facts]]) -> Iterator[Finding]:
    keys = {facts["seat"]: facts["key"] for line, facts in lines if line.kind == "role.granted"}
    wrong = [
        line.position
        for line, facts in lines
        for seat, signature in _signed(line, facts)
        if not _is_signed(keys.get(seat, ""), signature, facts)
    ]
    if wrong:
        yield Finding(
            what="facts that the seats they name have not signed",
            affected="what those lines say was confirmed",
            remedy=_REMEDY,
            places=tuple(f"line {position}" for position in wrong[:5]),
            count=len(wrong),
        )


def _signed(line: JournalLine, facts: Facts) -> Iterator[tuple[str, str]]:
    if "confirmation" in facts:
        yield line.author, facts["confirmation"]
    if "second_confirmation" in facts:
        yield facts.get("second", ""), facts["second_confirmation"]


def _is_signed(key: str, signature: str, facts: Facts) -> bool:
    said = {name: value for name, value in facts.items() if name not in _SIGNATURES}
    # Some facts name the second person themselves; then that name was signed, too.
    forms = [said, said | {"second": facts["second"]}] if "second" in facts else [said]
    return any(_verifies(key, signature, form) for form in forms)


def _verifies(key: str, signature: str, said: Facts) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(
            bytes.fromhex(signature), confirmation_bytes(said)
        )
    except (ValueError, InvalidSignature):
        return False
    return True


@dataclass(slots=True)
class _Said:
    """What the journal says of encounters, by their identifiers.

    had_case  encounters whose answer people have changed: adjudication and appeals have lines of their own
    """

    outcome: dict[str, Facts] = field(default_factory=dict)
    decided: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    had_case: set[str] = field(default_factory=set)

    def hear(self, kind: str, facts: Facts) -> None:
        """Take note of a line."""
        encounter = facts.get("encounter", "")
        if kind == "outcome" and encounter:
            self.outcome[encounter] = facts
        elif kind == "decided":
            self.decided[encounter].append(facts["decision"])
        elif kind.startswith(("case.", "appeal.")):
            self.had_case.add(encounter)


def _encounters(snapshot: Snapshot, lines: list[tuple[JournalLine, Facts]]) -> Iterator[Finding]:
    said = _Said()
    for line, facts in lines:
        said.hear(line.kind, facts)
    wrong: dict[str, list[str]] = {"answer": [], "decision": []}
    for encounter in snapshot.encounters():
        name = str(encounter.encounter_id)
        if name not in said.outcome:
            # It came with a collection, or the agreement's facts are gone: nothing to compare with.
            continue
        answer = encounter.answer.value if encounter.answer else ""
        if answer != said.outcome[name]["answer"] and name not in said.had_case:
            wrong["answer"].append(name)
        made = [one.state.value for one in decisions.of_encounter(snapshot, encounter.encounter_id)]
        if made != said.decided[name]:
            wrong["decision"].append(name)
    for what, names in wrong.items():
        if names:
            yield Finding(
                what=f"the {what} of an encounter is not what the journal says",
                affected="what was told to the person, and who was let go",
                remedy=_REMEDY,
                places=tuple(names[:5]),
                count=len(names),
            )
