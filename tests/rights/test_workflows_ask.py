"""Every workflow asks before it does anything: each is called by each role that may not."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import cast
from uuid import uuid4

import pytest
from tests.conftest import record
from tests.rights.installations import (
    AGENCY,
    DEPARTURE,
    DEPARTURES,
    SEATS,
    Installation,
    agree,
    grant,
    open_empty,
    version,
    with_seats,
)

from musterpoint import workflows
from musterpoint.clock import Instant
from musterpoint.errors import MusterpointError, Refused, RoleMissing
from musterpoint.extraction import Extractor
from musterpoint.identifiers import EncounterId, RequestId, SubjectId, new_uuid
from musterpoint.registry import NotCaptured, NotCapturedReason, Verdict
from musterpoint.registry.agreements import AnswerKind
from musterpoint.registry.appeals import AppealedBy, AppealOutcome
from musterpoint.registry.decisions import DecisionState
from musterpoint.registry.erasure import RefusalReason
from musterpoint.registry.retention import HoldReason
from musterpoint.registry.rights import Act, may
from musterpoint.registry.seats import Role
from musterpoint.storage.galleries import GalleryTerms
from musterpoint.storage.vault.sources import FileSource
from musterpoint.templates import FingerPosition
from musterpoint.workflows import (
    adjudication,
    agreements,
    alarms,
    appeals,
    backup,
    browsing,
    calibrating,
    cases,
    checking,
    consent,
    deciding,
    enrolment,
    erasure,
    exporting,
    exporting_person,
    exports,
    galleries,
    identification,
    importing,
    keys,
    known_answers,
    log_export,
    receipts,
    reindexing,
    retention,
    screening,
    seats,
    stations,
    subjects,
    transparency,
)
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.deciding import DecisionRequest
from musterpoint.workflows.enrolment import EnrolmentRequest
from musterpoint.workflows.erasure import Erasable
from musterpoint.workflows.listing import ListedPerson
from musterpoint.workflows.screening import ScreeningRequest
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A live agreement under which somebody was screened, for calls that need somebody."""

    installation: Installation
    screened: ScreeningOutcome
    folder: Path

    @property
    def encounter(self) -> str:
        """The encounter's identifier."""
        return self.screened.encounter

    @property
    def person(self) -> Erasable:
        """Whose encounter it is."""
        encounter = EncounterId(uuid4())
        return Erasable(subject_id=None, encounters=(encounter,))


Call = Callable[[Station, Scene], object]

COSIGNATURE = (
    "\u2014 witness.example/w1 BNLYMwAAAABkGFDL7fWHwxkaUcghnRd0hfZZdP682QhKsusVF9COioUtddac4KDvN1arimCnYZtX"
    "a0+PH0/FekNzutw/uzmtxNLzBg==\n"
).encode()


def _screening(**changes: object) -> ScreeningRequest:
    nobody = NotCaptured(position=FingerPosition.UNKNOWN, reason=NotCapturedReason.BANDAGED)
    values: dict[str, object] = {"not_captured": (nobody,), "submissions": ()} | changes
    return ScreeningRequest(
        request_id=RequestId(new_uuid()),
        purpose=DEPARTURE,
        site="Gate 1",
        **values,  # type: ignore[arg-type]  # what a test names is a field
    )


def _searched() -> ScreeningRequest:
    return _screening(submissions=(Submission(name="file", data=record(2)),), not_captured=())


def _measured() -> calibrating.Measured:
    """Nothing but what is asked for before anything else."""
    return cast(calibrating.Measured, SimpleNamespace(purpose=DEPARTURE))


def _enrolment() -> EnrolmentRequest:
    return EnrolmentRequest(
        request_id=RequestId(new_uuid()),
        submissions=(Submission(name="file", data=record(3)),),
        gallery=DEPARTURES,
        source_record="4711",
        purpose=DEPARTURE,
    )


def _silent(*_: object) -> None:
    return None


def _decide(state: DecisionState) -> Call:
    def call(station: Station, scene: Scene) -> object:
        request = DecisionRequest(encounter=scene.encounter, state=state, ground="agreed")
        return deciding.decide(station, request)

    return call


def _add_version(station: Station, scene: Scene) -> object:
    keys = scene.installation.party_keys
    return agreements.add_version(station, version(keys, station.clock.now(), grant("other", "others")))


def _answer(station: Station, scene: Scene) -> object:
    keys = scene.installation.party_keys
    made = version(keys, station.clock.now(), grant("other", "others"))
    return agreements.answer_agreement(
        station, agreements.sign_answer(made, AGENCY, keys[AGENCY], AnswerKind.ACKNOWLEDGED)
    )


def _grant_seat(station: Station, _: Scene) -> object:
    return seats.grant_seats(
        station, [seats.SeatRequest(name="new", role=Role.OBSERVER, party=AGENCY, public_key=bytes(32))]
    )


CALLS: dict[str, tuple[Act, Call]] = {
    "adjudication.next_task": (Act.JUDGE, lambda s, _: adjudication.next_task(s)),
    "adjudication.give_opinion": (
        Act.JUDGE,
        lambda s, _: adjudication.give_opinion(s, "0123456789", Verdict.SAME),
    ),
    "adjudication.is_anything_waiting": (Act.JUDGE, lambda s, _: adjudication.is_anything_waiting(s)),
    "agreements.add_version": (Act.ADD_AGREEMENT, _add_version),
    "agreements.answer_agreement": (Act.RECORD_ACKNOWLEDGEMENT, _answer),
    "agreements.end_agreement": (
        Act.END_AGREEMENT,
        lambda s, _: agreements.end_agreement(s, "none of this name", "over"),
    ),
    "agreements.newest_version": (Act.READ_AGREEMENT, lambda s, _: agreements.newest_version(s, "")),
    "calibrating.view_calibration": (
        Act.READ_THRESHOLDS,
        lambda s, _: calibrating.view_calibration(s, DEPARTURE),
    ),
    "calibrating.measure_calibration": (
        Act.MEASURE_CALIBRATION,
        lambda s, _: calibrating.measure_calibration(s, DEPARTURE),
    ),
    "calibrating.set_calibration": (
        Act.SET_CALIBRATION,
        lambda s, _: calibrating.set_calibration(s, _measured()),
    ),
    "calibrating.set_standard": (
        Act.SET_CALIBRATION,
        lambda s, _: calibrating.set_standard(s, DEPARTURE),
    ),
    "agreements.set_target": (Act.SET_THRESHOLD, lambda s, _: agreements.set_target(s, DEPARTURE, 5)),
    "agreements.view_agreement": (Act.READ_AGREEMENT, lambda s, _: agreements.view_agreement(s, "")),
    "agreements.view_agreements": (Act.READ_AGREEMENT, lambda s, _: agreements.view_agreements(s)),
    "alarms.close": (Act.CLOSE_ALARM, lambda s, _: alarms.close(s, 1)),
    "alarms.open_alarms": (Act.READ_STATUS, lambda s, _: alarms.open_alarms(s)),
    "alarms.rates": (Act.READ_STATUS, lambda s, _: alarms.rates(s)),
    "appeals.decide_appeal": (
        Act.DECIDE_APPEAL,
        lambda s, _: appeals.decide_appeal(s, 1, AppealOutcome.CONFIRMED),
    ),
    "appeals.list_appeals": (Act.DECIDE_APPEAL, lambda s, _: appeals.list_appeals(s)),
    "appeals.needed_for": (Act.OPEN_APPEAL, lambda s, _: appeals.needed_for(s, 1)),
    "appeals.open_appeal": (
        Act.OPEN_APPEAL,
        lambda s, scene: appeals.open_appeal(s, scene.encounter, AppealedBy.PERSON),
    ),
    "appeals.view_appeal": (Act.DECIDE_APPEAL, lambda s, _: appeals.view_appeal(s, 1)),
    "backup.back_up": (
        Act.BACK_UP,
        lambda s, scene: backup.back_up(s, scene.folder / "data", scene.folder / "keys"),
    ),
    "browsing.list_encounters": (Act.LIST_ENCOUNTERS, lambda s, _: browsing.list_encounters(s)),
    "browsing.list_subjects": (Act.LIST_SUBJECTS, lambda s, _: browsing.list_subjects(s)),
    "browsing.read_journal": (Act.READ_JOURNAL, lambda s, _: browsing.read_journal(s)),
    "browsing.read_status": (Act.READ_STATUS, lambda s, _: browsing.read_status(s)),
    "browsing.view_encounter": (
        Act.LIST_ENCOUNTERS,
        lambda s, scene: browsing.view_encounter(s, scene.encounter),
    ),
    "browsing.view_subject": (Act.LIST_SUBJECTS, lambda s, _: browsing.view_subject(s, "0123456789")),
    "cases.list_cases": (Act.READ_CASES, lambda s, _: cases.list_cases(s)),
    "cases.view_case": (Act.READ_CASES, lambda s, _: cases.view_case(s, 1)),
    "checking.check": (Act.CHECK, lambda s, _: checking.check(s)),
    "consent.withdraw": (
        Act.WITHDRAW_CONSENT,
        lambda s, scene: consent.withdraw(s, scene.encounter),
    ),
    "deciding.decide": (Act.DENY, _decide(DecisionState.DENIED)),
    "deciding.decide, referring": (Act.REFER, _decide(DecisionState.REFERRED)),
    "deciding.decide, clearing": (Act.CLEAR, _decide(DecisionState.CLEARED)),
    "deciding.view": (Act.LIST_ENCOUNTERS, lambda s, scene: deciding.view(s, scene.encounter)),
    "deciding.waiting": (Act.LIST_ENCOUNTERS, lambda s, _: deciding.waiting(s)),
    "enrolment.enrol": (Act.ENROL, lambda s, _: enrolment.enrol(s, _enrolment())),
    "enrolment.require_enrolment": (
        Act.ENROL,
        lambda s, _: enrolment.require_enrolment(s, DEPARTURES, DEPARTURE),
    ),
    "enrolment.find_enrolled": (Act.ENROL, lambda s, _: enrolment.find_enrolled(s, _enrolment())),
    "erasure.confirm": (Act.CONFIRM_ERASURE, lambda s, _: erasure.confirm(s, uuid4(), "station 2")),
    "erasure.copy_gone": (Act.CONFIRM_ERASURE, lambda s, _: erasure.copy_gone(s, "station 2")),
    "erasure.has_copy": (Act.MANAGE_STATION, lambda s, _: erasure.has_copy(s, "station 2")),
    "erasure.erase": (Act.ERASE, lambda s, scene: erasure.erase(s, scene.person)),
    "erasure.find": (Act.ERASE, lambda s, _: erasure.find(s, "0123456789")),
    "erasure.look_up": (Act.READ_ERASURES, lambda s, _: erasure.look_up(s, "0123456789")),
    "erasure.refuse": (
        Act.ERASE,
        lambda s, scene: erasure.refuse(s, scene.person, RefusalReason.LEGAL_DUTY),
    ),
    "erasure.request": (Act.REQUEST_ERASURE, lambda s, scene: erasure.request(s, scene.person)),
    "exports.list_exports": (Act.READ_EXPORTS, lambda s, _: exports.list_exports(s)),
    "exporting.export_all": (
        Act.EXPORT_REGISTRY,
        lambda s, scene: exporting.export_all(s, scene.folder / "all.zip", purpose=DEPARTURE),
    ),
    "exporting_person.export_person": (
        Act.EXPORT_PERSON,
        lambda s, scene: exporting_person.export_person(
            s, scene.encounter, scene.folder / "one.zip", purpose=DEPARTURE
        ),
    ),
    "galleries.add_gallery": (
        Act.ADD_GALLERY,
        lambda s, _: galleries.add_gallery(s, GalleryTerms(name="camp", owner=AGENCY, purpose="camp")),
    ),
    "galleries.attach_gallery": (
        Act.ATTACH_GALLERY,
        lambda s, _: galleries.attach_gallery(s, "none of this name", ""),
    ),
    "galleries.list_galleries": (Act.READ_GALLERIES, lambda s, _: galleries.list_galleries(s)),
    "identification.identify": (
        Act.IDENTIFY,
        lambda s, _: identification.identify(s, [], purpose=DEPARTURE),
    ),
    "identification.person_of": (
        Act.VERIFY,
        lambda s, scene: identification.person_of(s, scene.encounter, purpose=DEPARTURE),
    ),
    "identification.verify": (
        Act.VERIFY,
        lambda s, _: identification.verify(s, [], SubjectId(uuid4()), purpose=DEPARTURE, target_fmr=0.001),
    ),
    "importing.import_all": (
        Act.IMPORT,
        lambda s, scene: importing.import_all(s, scene.folder / "nothing.zip"),
    ),
    "keys.change_secret": (
        Act.MANAGE_KEYS,
        lambda s, scene: keys.change_secret(s, FileSource(scene.folder / "other.key", "a store")),
    ),
    "keys.rehearse_shares": (Act.MANAGE_KEYS, lambda s, _: keys.rehearse_shares(s, ["no", "share"])),
    "keys.rotate_keys": (Act.MANAGE_KEYS, lambda s, _: keys.rotate_keys(s)),
    "keys.share_keys": (Act.MANAGE_KEYS, lambda s, _: keys.share_keys(s, needed=2, made=3)),
    "keys.show_keys": (Act.MANAGE_KEYS, lambda s, _: keys.show_keys(s)),
    "known_answers.add_people": (
        Act.ADD_SEED,
        lambda s, _: known_answers.add_people(s, [ListedPerson(record="a")] * 2, "staff", _silent),
    ),
    "known_answers.add_synthetic": (Act.ADD_SEED, lambda s, _: known_answers.add_synthetic(s, 2, _silent)),
    "known_answers.report": (Act.READ_ADJUDICATOR_RATES, lambda s, _: known_answers.report(s)),
    "log_export.export_log": (
        Act.EXPORT_LOG,
        lambda s, scene: log_export.export_log(s, scene.folder / "log"),
    ),
    "receipts.make_receipt": (
        Act.PRINT_RECEIPT,
        lambda s, scene: receipts.make_receipt(s, scene.encounter),
    ),
    "reindexing.reindex": (Act.REINDEX, lambda s, _: reindexing.reindex(s)),
    "retention.hold": (
        Act.HOLD,
        lambda s, scene: retention.hold(s, scene.person, HoldReason.LEGAL, Instant(2**60)),
    ),
    "retention.release": (Act.HOLD, lambda s, scene: retention.release(s, scene.person)),
    "retention.run": (Act.RUN_RETENTION, lambda s, _: retention.run(s)),
    "retention.run, dry": (Act.READ_RETENTION, lambda s, _: retention.run(s, is_dry=True)),
    "retention.show": (Act.READ_RETENTION, lambda s, _: retention.show(s)),
    "screening.find_screened": (Act.SCREEN, lambda s, _: screening.find_screened(s, _screening())),
    "screening.screen": (Act.SCREEN, lambda s, _: screening.screen(s, _searched())),
    "screening.screen, no sample": (Act.SCREEN, lambda s, _: screening.screen(s, _screening())),
    "seats.break_glass": (
        Act.BREAK_GLASS,
        lambda s, _: seats.break_glass(s, Act.LIST_SUBJECTS, "fire"),
    ),
    "seats.grant_seats": (Act.GRANT_SEAT, _grant_seat),
    "seats.list_broken_glass": (Act.READ_SEATS, lambda s, _: seats.list_broken_glass(s)),
    "seats.list_seats": (Act.READ_SEATS, lambda s, _: seats.list_seats(s)),
    "seats.revoke_seat": (Act.REVOKE_SEAT, lambda s, _: seats.revoke_seat(s, "observer 2")),
    "stations.list_stations": (Act.READ_STATIONS, lambda s, _: stations.list_stations(s)),
    "stations.revoke_station": (
        Act.MANAGE_STATION,
        lambda s, _: stations.revoke_station(s, "0" * 32, "stolen"),
    ),
    "subjects.history": (Act.LIST_SUBJECTS, lambda s, _: subjects.history(s)),
    "subjects.merge": (Act.MERGE_SUBJECTS, lambda s, _: subjects.merge(s, "01234567", "12345678")),
    "subjects.move": (Act.MOVE_ENCOUNTER, lambda s, _: subjects.move(s, "01234567", "12345678")),
    "subjects.split": (Act.SPLIT_SUBJECT, lambda s, _: subjects.split(s, "01234567", ["12345678"])),
    "subjects.undo": (Act.CORRECT, lambda s, _: subjects.undo(s, 1)),
    "transparency.add_cosignatures": (
        Act.EXPORT_LOG,
        lambda s, _: transparency.add_cosignatures(s, COSIGNATURE, []),
    ),
    "transparency.checkpoint": (Act.EXPORT_LOG, lambda s, _: transparency.checkpoint(s)),
    "transparency.make_request": (Act.EXPORT_LOG, lambda s, _: transparency.make_request(s)),
    "transparency.position_of": (Act.EXPORT_LOG, lambda s, _: transparency.position_of(s, "1")),
}

INNER = MappingProxyType(
    {
        "authorising": "asks, or is handed what was answered",
        "practice": "makes a new registry, in which nobody is yet",
        "searching.forget_erased": "part of an erasure that was authorised",
        "snapshots": "reads files that are sealed; their searches ask",
        "alarms.watch": "part of a screening: counts, and opens items for a supervisor",
        "deciding.decide_at_gate": "part of a screening's transaction, and asks for what it decides",
        "deciding.insist_on_carer": "for those who have asked, and hands out nothing",
        "erasure.authorised": "asks",
        "erasure.committed": "covered with the receipts of erasures",
        "erasure.finish": "goes on with an erasure that was authorised",
        "erasure.resume": "goes on with erasures that were authorised, before the first request",
        "erasure_receipts.check_proof": "compares a receipt with a proof; opens nothing",
        "erasure_receipts.committed": "covered with the receipts of erasures",
        "erasure_receipts.proof_of": "makes a proof of what was looked up",
        "recording.search_and_record": "asks for the act that it is handed, twice",
        "retention.destroy_ops": "part of a run that was authorised",
        "retention.moment": "the time",
        "transparency.checkpoints_to_publish": "part of an export of the log",
        "transparency.log_keys": "public keys",
        "transparency.name_log": "names the log before anything is signed",
        "transparency.policy_of": "public keys of witnesses",
        "transparency.proof_of": "proofs of numbered entries, in which nobody is named",
        "transparency.sign_checkpoint": "signs what is public",
        "witness_client.ask_for_cosignatures": "asks by transparency.make_request",
    }
)
"""Functions of workflows that are not called by a front end, or tell nothing: why they need not ask."""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, extractor: Extractor) -> Iterator[Scene]:
    """One registry for all calls: whoever is refused changes nothing but the journal."""
    folder = tmp_path_factory.mktemp("scene")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MUSTERPOINT_SEATS", str(folder / "seats"))
        installation = with_seats(open_empty(folder, extractor), folder)
        agree(installation, version(installation.party_keys, installation.clock.now(), grant()))
        screened = screening.screen(installation.acting("officer"), _searched())
        yield Scene(installation=installation, screened=screened, folder=folder)
    installation.station.database.close()


DENIED = [(name, role) for name, (act, _) in CALLS.items() for role in Role if not may(role, act)]


@pytest.mark.parametrize(("name", "role"), DENIED, ids=lambda one: str(one))
def test_who_may_not_is_refused_and_the_journal_says_so(name: str, role: Role, scene: Scene) -> None:
    _, call = CALLS[name]
    seat = SEATS[role]
    station = scene.installation.acting(seat, f"{seat} 2")
    before = scene.installation.position()

    with pytest.raises(RoleMissing):
        call(station, scene)

    assert set(scene.installation.kinds(since=before)) <= {"view.denied", "act.denied"}
    assert scene.installation.position() == before + 1


READ_ONLY = [
    (name, role)
    for name, (act, _) in CALLS.items()
    for role in Role
    if may(role, act) and name.rpartition(".")[2].startswith(("view", "list_", "read_", "show", "find"))
]


@pytest.mark.parametrize(("name", "role"), READ_ONLY, ids=lambda one: str(one))
def test_who_may_is_not_refused(name: str, role: Role, scene: Scene) -> None:
    _, call = CALLS[name]
    try:
        call(scene.installation.acting(SEATS[role]), scene)
    except Refused as error:
        pytest.fail(str(error))
    except MusterpointError:
        pass  # what it was asked about is not there


def test_no_workflow_was_forgotten() -> None:
    known = {name.partition(",")[0] for name in CALLS}
    found = set()
    for module in pkgutil.iter_modules(workflows.__path__):
        loaded = importlib.import_module(f"musterpoint.workflows.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ != loaded.__name__ or name.startswith("_"):
                continue
            kinds = {str(one.annotation) for one in inspect.signature(function).parameters.values()}
            if kinds & {"Station", "Database"}:
                found.add(f"{module.name}.{name}")

    forgotten = {one for one in found - known if one not in INNER and one.partition(".")[0] not in INNER}
    assert not forgotten
    assert known <= found
