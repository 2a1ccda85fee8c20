"""Who may do what: one table of acts and roles, which denies whatever it does not name.

Rows are the acts of all workflows, columns the roles. It is decided in the workflows, so that no front
end can forget it, and it follows the resources of the product's design: whoever keeps keys and backups
sees no person, whoever captures sees no candidate, whoever adjudicates neither captures nor supervises.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from musterpoint.registry.seats import Role


class Act(StrEnum):
    """One thing that a workflow does. The value is what the journal and errors call it."""

    # Agreements, galleries, thresholds
    READ_AGREEMENT = "read agreements"
    ADD_AGREEMENT = "add an agreement or a version of one"
    RECORD_ACKNOWLEDGEMENT = "record the answer of a party to an agreement"
    END_AGREEMENT = "end an agreement"
    READ_GALLERIES = "list galleries"
    ADD_GALLERY = "add a gallery"
    ATTACH_GALLERY = "attach a gallery to an agreement, or detach it"
    READ_THRESHOLDS = "read thresholds"
    SET_THRESHOLD = "set a threshold"
    MEASURE_CALIBRATION = "compare people of a gallery with one another to calibrate"
    SET_CALIBRATION = "set a calibration"
    # Seats
    READ_SEATS = "list seats"
    GRANT_SEAT = "grant a seat"
    REVOKE_SEAT = "revoke a seat"
    BREAK_GLASS = "break the glass"
    # At the gate
    SCREEN = "screen a person"
    ENROL = "enrol a collection"
    IDENTIFY = "identify a person"
    VERIFY = "verify a person"
    SEE_CANDIDATES = "see candidates and strengths"
    WRITE_PERSON = "write biographic data"
    READ_PERSON = "read biographic data"
    READ_SAMPLES = "look at impressions"
    CLEAR_NOT_KNOWN = "clear somebody who is not known"
    CLEAR = "clear a person"
    DENY = "deny a person"
    REFER = "refer a person"
    CONFIRM_EXCEPTION = "confirm an exception as second person"
    PRINT_RECEIPT = "print a receipt"
    CLOSE_ALARM = "close an alarm"
    # Adjudication
    READ_CASES = "list cases"
    JUDGE = "judge a pair"
    ARBITRATE = "judge a pair as arbiter"
    ASSIGN_ARBITER = "assign an arbiter"
    ADD_SEED = "add a known-answer pair"
    READ_ADJUDICATOR_RATES = "read the rates of adjudicators"
    OPEN_APPEAL = "open an appeal"
    DECIDE_APPEAL = "decide an appeal"
    # Records
    LIST_SUBJECTS = "list subjects"
    LIST_ENCOUNTERS = "list encounters"
    MERGE_SUBJECTS = "merge subjects"
    SPLIT_SUBJECT = "split a subject"
    MOVE_ENCOUNTER = "move an encounter"
    REQUEST_CORRECTION = "ask for a correction"
    CORRECT = "correct a record"
    CORRECT_CLOSED = "correct a record of what is closed"
    ACCEPT_FORK = "accept a branch of a fork"
    # Retention, erasure, exchange
    READ_RETENTION = "read what is due"
    RUN_RETENTION = "erase what is due"
    HOLD = "hold a record that is due"
    WITHDRAW_CONSENT = "record that a consent was withdrawn"
    STOP_PROCESSING = "let no search find a person any more"
    REQUEST_ERASURE = "ask for an erasure"
    ERASE = "erase a person"
    CONFIRM_ERASURE = "confirm an erasure for a store"
    READ_ERASURES = "read receipts of erasures"
    EXPORT_PERSON = "export what is held on a person"
    EXPORT_REGISTRY = "export the registry"
    READ_EXPORTS = "list exports"
    IMPORT = "import records"
    # The log
    READ_JOURNAL = "read the journal"
    READ_STATUS = "read the status"
    EXPORT_LOG = "export the log"
    COSIGN = "cosign the log"
    PUBLISH = "publish a report"
    # The installation
    MANAGE_KEYS = "rotate or share keys"
    BACK_UP = "make a backup"
    RESTORE = "restore a backup"
    CHECK = "check the registry"
    REINDEX = "extract references again"
    READ_STATIONS = "list stations"
    MANAGE_STATION = "provision or revoke a station"
    # The movement
    READ_MANIFEST = "read a manifest"
    WRITE_MANIFEST = "write a manifest"
    BOARD = "record boarding, transfer or arrival"
    READ_BOARDINGS = "read who boarded and arrived"
    COUNT_HEADS = "count heads"
    COUNT_OWN_VEHICLE = "count the heads of the own vehicle"


class Extent(StrEnum):
    """How far a right goes.

    LIMITED  only what is the seat's own, or the fields that tell nobody apart
    """

    NONE = "none"
    LIMITED = "limited"
    FULL = "full"


_OFFICER, _ADJUDICATOR, _SUPERVISOR = Role.CAPTURE_OFFICER, Role.ADJUDICATOR, Role.SUPERVISOR
_OBSERVER, _INTEGRATOR, _ADMINISTRATOR = Role.OBSERVER, Role.INTEGRATOR, Role.ADMINISTRATOR
_TRANSPORTER = Role.TRANSPORTER


def _row(full: tuple[Role, ...], limited: tuple[Role, ...] = ()) -> Mapping[Role, Extent]:
    assert not set(full) & set(limited), "a role has one extent"
    return MappingProxyType(dict.fromkeys(full, Extent.FULL) | dict.fromkeys(limited, Extent.LIMITED))


_NOBODY: Final[Mapping[Role, Extent]] = MappingProxyType({})

RIGHTS: Final[Mapping[Act, Mapping[Role, Extent]]] = MappingProxyType(
    {
        Act.READ_AGREEMENT: _row((_SUPERVISOR, _OBSERVER), (_OFFICER, _TRANSPORTER)),
        Act.ADD_AGREEMENT: _row((_SUPERVISOR,)),
        Act.RECORD_ACKNOWLEDGEMENT: _row((_SUPERVISOR,)),
        Act.END_AGREEMENT: _row((_SUPERVISOR,)),
        Act.READ_GALLERIES: _row((_SUPERVISOR, _OBSERVER), (_OFFICER,)),
        Act.ADD_GALLERY: _row((_SUPERVISOR,)),
        Act.ATTACH_GALLERY: _row((_SUPERVISOR,)),
        Act.READ_THRESHOLDS: _row((_OFFICER, _SUPERVISOR, _OBSERVER)),
        Act.SET_THRESHOLD: _row((_SUPERVISOR,)),
        Act.MEASURE_CALIBRATION: _row((_SUPERVISOR,)),
        Act.SET_CALIBRATION: _row((_SUPERVISOR,)),
        Act.READ_SEATS: _row((_ADMINISTRATOR, _OBSERVER)),
        Act.GRANT_SEAT: _row((_ADMINISTRATOR,)),
        Act.REVOKE_SEAT: _row((_ADMINISTRATOR,)),
        Act.BREAK_GLASS: _row((_OFFICER, _ADJUDICATOR, _SUPERVISOR)),
        Act.SCREEN: _row((_OFFICER, _INTEGRATOR)),
        Act.ENROL: _row((_SUPERVISOR, _INTEGRATOR)),
        Act.IDENTIFY: _row((_SUPERVISOR,), (_INTEGRATOR,)),
        Act.VERIFY: _row((_OFFICER, _SUPERVISOR), (_INTEGRATOR,)),
        Act.SEE_CANDIDATES: _row((_SUPERVISOR,), (_INTEGRATOR,)),
        Act.WRITE_PERSON: _row((_OFFICER,)),
        Act.READ_PERSON: _row((_SUPERVISOR,), (_OFFICER,)),
        Act.READ_SAMPLES: _row((), (_ADJUDICATOR,)),
        Act.CLEAR_NOT_KNOWN: _row((_OFFICER, _SUPERVISOR)),
        Act.CLEAR: _row((_SUPERVISOR,)),
        Act.DENY: _row((_SUPERVISOR,)),
        Act.REFER: _row((_SUPERVISOR,)),
        Act.CONFIRM_EXCEPTION: _row((_OFFICER, _SUPERVISOR)),
        Act.PRINT_RECEIPT: _row((_OFFICER, _SUPERVISOR)),
        Act.CLOSE_ALARM: _row((_SUPERVISOR,)),
        Act.READ_CASES: _row((_ADJUDICATOR,), (_SUPERVISOR, _OBSERVER)),
        Act.JUDGE: _row((_ADJUDICATOR,)),
        Act.ARBITRATE: _row((_ADJUDICATOR,)),
        Act.ASSIGN_ARBITER: _row((_SUPERVISOR,)),
        Act.ADD_SEED: _row((_SUPERVISOR,)),
        Act.READ_ADJUDICATOR_RATES: _row((_SUPERVISOR,), (_OBSERVER,)),
        Act.OPEN_APPEAL: _row((_OFFICER, _SUPERVISOR)),
        Act.DECIDE_APPEAL: _row((_SUPERVISOR,)),
        Act.LIST_SUBJECTS: _row((_SUPERVISOR,)),
        Act.LIST_ENCOUNTERS: _row((_SUPERVISOR,), (_OFFICER, _OBSERVER)),
        Act.MERGE_SUBJECTS: _row((_SUPERVISOR,)),
        Act.SPLIT_SUBJECT: _row((_SUPERVISOR,)),
        Act.MOVE_ENCOUNTER: _row((_SUPERVISOR,)),
        Act.REQUEST_CORRECTION: _row((_OFFICER, _ADJUDICATOR, _SUPERVISOR)),
        Act.CORRECT: _row((_SUPERVISOR,)),
        Act.CORRECT_CLOSED: _row((_SUPERVISOR,)),
        Act.ACCEPT_FORK: _row((_SUPERVISOR,)),
        Act.READ_RETENTION: _row((_SUPERVISOR, _OBSERVER)),
        Act.RUN_RETENTION: _row((_SUPERVISOR,)),
        Act.HOLD: _row((_SUPERVISOR,)),
        Act.WITHDRAW_CONSENT: _row((_OFFICER, _SUPERVISOR)),
        Act.STOP_PROCESSING: _row((_SUPERVISOR,)),
        Act.REQUEST_ERASURE: _row((_OFFICER, _SUPERVISOR, _INTEGRATOR), (_TRANSPORTER,)),
        Act.ERASE: _row((_SUPERVISOR,)),
        Act.CONFIRM_ERASURE: _row((_SUPERVISOR, _ADMINISTRATOR)),
        Act.READ_ERASURES: _row((_SUPERVISOR,), (_OBSERVER,)),
        Act.EXPORT_PERSON: _row((_SUPERVISOR,)),
        Act.EXPORT_REGISTRY: _row((_SUPERVISOR,)),
        Act.READ_EXPORTS: _row((_SUPERVISOR, _OBSERVER), (_INTEGRATOR,)),
        Act.IMPORT: _row((_SUPERVISOR,)),
        Act.READ_JOURNAL: _row(
            (_SUPERVISOR, _OBSERVER, _INTEGRATOR, _ADMINISTRATOR), (_OFFICER, _ADJUDICATOR, _TRANSPORTER)
        ),
        Act.READ_STATUS: _row(
            (_SUPERVISOR, _OBSERVER, _ADMINISTRATOR), (_OFFICER, _ADJUDICATOR, _INTEGRATOR)
        ),
        Act.EXPORT_LOG: _row((_SUPERVISOR, _OBSERVER, _INTEGRATOR, _ADMINISTRATOR)),
        Act.COSIGN: _row((_OBSERVER,)),
        Act.PUBLISH: _row((_SUPERVISOR,)),
        Act.MANAGE_KEYS: _row((_ADMINISTRATOR,)),
        Act.BACK_UP: _row((_ADMINISTRATOR,)),
        Act.RESTORE: _row((_ADMINISTRATOR,)),
        Act.CHECK: _row((_ADMINISTRATOR,)),
        Act.REINDEX: _row((_ADMINISTRATOR,)),
        Act.READ_STATIONS: _row((_ADMINISTRATOR, _OBSERVER)),
        Act.MANAGE_STATION: _row((_ADMINISTRATOR,)),
        Act.READ_MANIFEST: _row((_SUPERVISOR,), (_OFFICER, _OBSERVER)),
        Act.WRITE_MANIFEST: _row((_SUPERVISOR, _INTEGRATOR)),
        Act.BOARD: _row((_OFFICER, _SUPERVISOR)),
        Act.READ_BOARDINGS: _row((_SUPERVISOR,), (_OBSERVER,)),
        Act.COUNT_HEADS: _row((_OFFICER, _SUPERVISOR, _OBSERVER, _TRANSPORTER)),
        Act.COUNT_OWN_VEHICLE: _row((_TRANSPORTER,)),
    }
)
"""Acts and the roles that may do them; what is not here is denied."""

TWO_PERSONS: Final = frozenset(
    {
        Act.SET_THRESHOLD,
        Act.SET_CALIBRATION,
        Act.BREAK_GLASS,
        Act.MERGE_SUBJECTS,
        Act.SPLIT_SUBJECT,
        Act.MOVE_ENCOUNTER,
        Act.CORRECT_CLOSED,
        Act.ACCEPT_FORK,
        Act.EXPORT_PERSON,
        Act.EXPORT_REGISTRY,
    }
)
"""Acts that two seats do together, the second of which may do it as well."""

NEEDS_PURPOSE: Final = frozenset({Act.SCREEN, Act.ENROL, Act.IDENTIFY, Act.VERIFY})
"""Acts that compare people or take them into a gallery: a live agreement has to cover their purpose."""


READING: Final = frozenset(act for act in Act if act.name.startswith(("READ_", "LIST_", "SEE_")))
"""Acts that change nothing; where one is refused, a view was denied."""

INSTALLATION: Final = frozenset(
    {Act.MANAGE_KEYS, Act.BACK_UP, Act.RESTORE, Act.CHECK, Act.REINDEX, Act.MANAGE_STATION}
)
"""Acts on the installation as a whole; practice seats do them only while there is no other seat."""

NEVER_IN_PRACTICE: Final = frozenset(
    {
        Act.GRANT_SEAT,
        Act.REVOKE_SEAT,
        Act.ADD_AGREEMENT,
        Act.RECORD_ACKNOWLEDGEMENT,
        Act.END_AGREEMENT,
        Act.SET_THRESHOLD,
        Act.SET_CALIBRATION,
        Act.ATTACH_GALLERY,
    }
)
"""Acts by which something real comes to be; no practice seat does them."""

UNDER_BROKEN_GLASS: Final = frozenset(
    {
        Act.SCREEN,
        Act.VERIFY,
        Act.WRITE_PERSON,
        Act.READ_PERSON,
        Act.READ_SAMPLES,
        Act.READ_CASES,
        Act.LIST_SUBJECTS,
        Act.LIST_ENCOUNTERS,
        Act.CLEAR,
        Act.DENY,
        Act.REFER,
        Act.PRINT_RECEIPT,
        Act.OPEN_APPEAL,
        Act.WITHDRAW_CONSENT,
        Act.REQUEST_ERASURE,
        Act.HOLD,
    }
)
"""Acts that broken glass can open: what somebody at the gate may need, no keys, no judging, no exports."""


def extent(role: Role, act: Act) -> Extent:
    """How far the right of a role goes; `NONE` for whatever the table does not name."""
    return RIGHTS.get(act, _NOBODY).get(role, Extent.NONE)


def may(role: Role, act: Act) -> bool:
    """Whether a role may do it at all, fully or within limits."""
    return extent(role, act) is not Extent.NONE


def needs_two(act: Act) -> bool:
    """Whether two seats have to do it together."""
    return act in TWO_PERSONS
