"""Whatever is done in whatever order, the registry answers as a plain model in memory does."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.registries import examples
from tests.storage.records import Person, SteppingClock, open_case, record, record_visit

from musterpoint.identifiers import EncounterId, SubjectId, new_uuid
from musterpoint.registry import Case, Encounter, Verdict
from musterpoint.storage import Database, UnitOfWork, adjudication
from musterpoint.storage.erasing import DECIDED_BY
from musterpoint.templates import FingerPosition

GALLERIES = ("camp", "gate")
FINGERS = st.lists(st.sampled_from(FingerPosition), max_size=3).map(tuple)


@dataclass
class Model:
    """What the registry should hold."""

    lines: int = 0
    people: dict[EncounterId, Person] = field(default_factory=dict)
    encounters: dict[EncounterId, Encounter] = field(default_factory=dict)
    added_at: dict[EncounterId, int] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    erased: set[SubjectId] = field(default_factory=set)

    @property
    def subjects(self) -> list[SubjectId]:
        return sorted({one.subject_id for one in self.encounters.values() if one.subject_id})

    def searchable(self, gallery: str, since: int = 0) -> list[EncounterId]:
        """Encounters with references, in the order of commits."""
        return [
            one
            for one, encounter in self.encounters.items()
            if encounter.gallery == gallery and self.people[one].fingers and self.added_at[one] > since
        ]


class RegistryMachine(RuleBasedStateMachine):
    """Changes in any order, each either committed or left."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.database = Database.open(self.folder, clock=SteppingClock())
        self.model = Model()

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    @rule(
        gallery=st.sampled_from(GALLERIES),
        fingers=FINGERS,
        is_decided=st.booleans(),
        is_committed=st.sampled_from([True, True, True, False]),
    )
    def somebody_comes(
        self, gallery: str, fingers: tuple[FingerPosition, ...], is_decided: bool, is_committed: bool
    ) -> None:
        person = Person(
            gallery=gallery,
            fingers=fingers,
            repetitions=1,
            subject_id=SubjectId(new_uuid()) if is_decided else None,
            occurred_at=1_800_000_000_000_000 + len(self.model.added_at),
        )
        with self.database.unit_of_work() as work:
            record(work, person)
            if is_committed:
                work.commit()
        if is_committed:
            self._now_there(person)

    def _now_there(self, person: Person) -> None:
        self.model.lines += 1
        self.model.people[person.encounter_id] = person
        self.model.encounters[person.encounter_id] = person.encounter
        self.model.added_at[person.encounter_id] = self.model.lines

    @precondition(lambda self: self.model.subjects)
    @rule(data=st.data(), fingers=FINGERS)
    def somebody_comes_again(self, data: st.DataObject, fingers: tuple[FingerPosition, ...]) -> None:
        subject_id = data.draw(st.sampled_from(self.model.subjects))
        known = next(one for one in self.model.encounters.values() if one.subject_id == subject_id)
        person = Person(
            gallery=known.gallery,
            fingers=fingers,
            repetitions=1,
            subject_id=subject_id,
            occurred_at=1_800_000_000_000_000 + len(self.model.added_at),
        )
        with self.database.unit_of_work() as work:
            record_visit(work, person)
            work.commit()
        self._now_there(person)

    @precondition(lambda self: self._without_case())
    @rule(data=st.data())
    def a_case_is_opened(self, data: st.DataObject) -> None:
        probe = data.draw(st.sampled_from(self._without_case()))
        others = [one for one in self.model.encounters if one != probe]
        candidates = data.draw(st.lists(st.sampled_from(others), max_size=3, unique=True)) if others else []
        people = self.model.people
        with self.database.unit_of_work() as work:
            case = open_case(work, people[probe], [people[one] for one in candidates])
            work.commit()
        assert case.number == len(self.model.cases) + 1
        self.model.lines += 1
        self.model.cases[case.number] = case

    def _without_case(self) -> list[EncounterId]:
        taken = {case.encounter_id for case in self.model.cases.values()}
        undecided = {one for one, encounter in self.model.encounters.items() if not encounter.subject_id}
        return sorted(undecided - taken)

    @precondition(lambda self: self._open_cases())
    @rule(data=st.data())
    def a_case_is_settled(self, data: st.DataObject) -> None:
        case = self.model.cases[data.draw(st.sampled_from(self._open_cases()))]
        candidates = [one.encounter_id for one in case.candidates]
        verdict = data.draw(st.sampled_from(Verdict if candidates else [Verdict.DIFFERENT]))
        chosen = data.draw(st.sampled_from(candidates)) if verdict is Verdict.SAME else None
        with self.database.unit_of_work() as work:
            settled = adjudication.settle(work, case, verdict, case.opened_at, "officer 7")
            self._give_to_subject(work, case.encounter_id, verdict, chosen)
            work.append_journal("case.settled", {"case": case.number})
            work.commit()
        self.model.lines += 1
        self.model.cases[case.number] = settled
        assert [one.encounter_id for one in settled.candidates] == candidates

    def _give_to_subject(
        self, work: UnitOfWork, encounter_id: EncounterId, verdict: Verdict, chosen: EncounterId | None
    ) -> None:
        subject_id = self.model.encounters[chosen].subject_id if chosen else None
        if verdict is Verdict.DIFFERENT:
            subject_id = SubjectId(new_uuid())
            work.add_subject(subject_id)
        if subject_id is None:
            return
        work.assign(encounter_id, subject_id)
        self.model.encounters[encounter_id] = replace(
            self.model.encounters[encounter_id], subject_id=subject_id
        )

    def _open_cases(self) -> list[int]:
        return [number for number, case in self.model.cases.items() if case.verdict is None]

    @precondition(lambda self: self.model.subjects)
    @rule(data=st.data(), is_committed=st.booleans())
    def somebody_is_erased(self, data: st.DataObject, is_committed: bool) -> None:
        subject_id = data.draw(st.sampled_from(self.model.subjects))
        with self.database.unit_of_work() as work:
            emptied = work.erase_subject(subject_id)
            work.append_journal("subject.erased", {})
            if is_committed:
                work.commit()
        if not is_committed:
            return
        gone = {one for one, encounter in self.model.encounters.items() if encounter.subject_id == subject_id}
        self.model.lines += 1
        self.model.erased.add(subject_id)
        touched = [
            number
            for number, case in self.model.cases.items()
            if gone & {one.encounter_id for one in case.candidates}
        ]
        for number, case in self.model.cases.items():
            self.model.cases[number] = self._without_erased(case, gone)
        for one in gone:
            del self.model.encounters[one]
        left = [number for number in touched if number in self._open_cases()]
        assert emptied == tuple(number for number in left if not self.model.cases[number].candidates)

    def _without_erased(self, case: Case, gone: set[EncounterId]) -> Case:
        if case.encounter_id not in gone:
            left = tuple(one for one in case.candidates if one.encounter_id not in gone)
            return replace(case, candidates=left)
        if case.verdict is not None:
            return replace(case, candidates=())
        with self.database.read() as snapshot:
            decided_at = snapshot.case(case.number).decided_at
        return replace(
            case,
            candidates=(),
            verdict=Verdict.CANNOT_TELL,
            decided_by=DECIDED_BY,
            decided_at=decided_at,
        )

    @rule()
    def it_is_opened_again(self) -> None:
        self.database.close()
        self.database = Database.open(self.folder, must_exist=True, clock=SteppingClock())

    @invariant()
    def everything_is_as_in_the_model(self) -> None:
        model = self.model
        with self.database.read() as snapshot:
            assert snapshot.position == model.lines
            assert snapshot.encounters() == tuple(model.encounters.values())
            assert {one.subject_id for one in snapshot.subjects()} >= set(model.subjects)
            assert snapshot.cases() == tuple(model.cases[number] for number in sorted(model.cases))
            assert all(snapshot.is_erased(one) for one in model.erased)
            for gallery in GALLERIES:
                searchable = model.searchable(gallery)
                people = {model.encounters[one].subject_id or one for one in searchable}
                assert snapshot.people([gallery]) == len(people)
                for since in (0, model.lines // 2, model.lines - 1):
                    expected = [
                        (reference.reference_id, model.encounters[one].subject_id, reference.template)
                        for one in model.searchable(gallery, since)
                        for reference in model.people[one].references
                    ]
                    rows = snapshot.index_rows([gallery], since=since)
                    assert [(row.reference_id, row.subject_id, row.template) for row in rows] == expected


RegistryMachine.TestCase.settings = settings(
    max_examples=examples(8), stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
TestRegistry = RegistryMachine.TestCase
