"""Every cell of the table of roles and acts, against the table as it was decided."""

from __future__ import annotations

import itertools

import pytest

from musterpoint.registry.rights import (
    INSTALLATION,
    NEVER_IN_PRACTICE,
    READING,
    RIGHTS,
    TWO_PERSONS,
    UNDER_BROKEN_GLASS,
    Act,
    Extent,
    extent,
    may,
    needs_two,
)
from musterpoint.registry.seats import SEPARATE_ROLES, Role

pytestmark = pytest.mark.no_registry

COLUMNS = (
    Role.CAPTURE_OFFICER,
    Role.ADJUDICATOR,
    Role.SUPERVISOR,
    Role.OBSERVER,
    Role.INTEGRATOR,
    Role.ADMINISTRATOR,
    Role.TRANSPORTER,
)
MEANING = {"-": Extent.NONE, "o": Extent.LIMITED, "X": Extent.FULL}

# X fully, o within limits, - not at all; 2 at the end: two persons.
# Columns: capture officer, adjudicator, supervisor, observer, integrator, administrator, transporter.
DECIDED = """
READ_AGREEMENT          o - X X - - o
ADD_AGREEMENT           - - X - - - -
RECORD_ACKNOWLEDGEMENT  - - X - - - -
END_AGREEMENT           - - X - - - -
READ_GALLERIES          o - X X - - -
ADD_GALLERY             - - X - - - -
ATTACH_GALLERY          - - X - - - -
READ_THRESHOLDS         X - X X - - -
SET_THRESHOLD           - - X - - - -  2
MEASURE_CALIBRATION     - - X - - - -
SET_CALIBRATION         - - X - - - -  2
READ_SEATS              - - - X - X -
GRANT_SEAT              - - - - - X -
REVOKE_SEAT             - - - - - X -
BREAK_GLASS             X X X - - - -  2
SCREEN                  X - - - X - -
ENROL                   - - X - X - -
IDENTIFY                - - X - o - -
VERIFY                  X - X - o - -
SEE_CANDIDATES          - - X - o - -
WRITE_PERSON            X - - - - - -
READ_PERSON             o - X - - - -
READ_SAMPLES            - o - - - - -
CLEAR_NOT_KNOWN         X - X - - - -
CLEAR                   - - X - - - -
DENY                    - - X - - - -
REFER                   - - X - - - -
CONFIRM_EXCEPTION       X - X - - - -
CLOSE_ALARM             - - X - - - -
PRINT_RECEIPT           X - X - - - -
READ_CASES              - X o o - - -
JUDGE                   - X - - - - -
ARBITRATE               - X - - - - -
ASSIGN_ARBITER          - - X - - - -
ADD_SEED                - - X - - - -
READ_ADJUDICATOR_RATES  - - X o - - -
OPEN_APPEAL             X - X - - - -
DECIDE_APPEAL           - - X - - - -
LIST_SUBJECTS           - - X - - - -
LIST_ENCOUNTERS         o - X o - - -
MERGE_SUBJECTS          - - X - - - -  2
SPLIT_SUBJECT           - - X - - - -  2
MOVE_ENCOUNTER          - - X - - - -  2
REQUEST_CORRECTION      X X X - - - -
CORRECT                 - - X - - - -
CORRECT_CLOSED          - - X - - - -  2
ACCEPT_FORK             - - X - - - -  2
READ_RETENTION          - - X X - - -
RUN_RETENTION           - - X - - - -
HOLD                    - - X - - - -
WITHDRAW_CONSENT        X - X - - - -
STOP_PROCESSING         - - X - - - -
REQUEST_ERASURE         X - X - X - o
ERASE                   - - X - - - -
CONFIRM_ERASURE         - - X - - X -
READ_ERASURES           - - X o - - -
EXPORT_PERSON           - - X - - - -  2
EXPORT_REGISTRY         - - X - - - -  2
READ_EXPORTS            - - X X o - -
IMPORT                  - - X - - - -
READ_JOURNAL            o o X X X X o
READ_STATUS             o o X X o X -
EXPORT_LOG              - - X X X X -
COSIGN                  - - - X - - -
PUBLISH                 - - X - - - -
MANAGE_KEYS             - - - - - X -
BACK_UP                 - - - - - X -
RESTORE                 - - - - - X -
CHECK                   - - - - - X -
REINDEX                 - - - - - X -
READ_STATIONS           - - - X - X -
MANAGE_STATION          - - - - - X -
READ_MANIFEST           o - X o - - -
WRITE_MANIFEST          - - X - X - -
BOARD                   X - X - - - -
READ_BOARDINGS          - - X o - - -
COUNT_HEADS             X - X X - - X
COUNT_OWN_VEHICLE       - - - - - - X
"""
ROWS = {line.split()[0]: line.split()[1:] for line in DECIDED.strip().splitlines()}


def test_every_act_is_a_row() -> None:
    assert set(ROWS) == {act.name for act in Act} == {act.name for act in RIGHTS}
    assert len({act.value for act in Act}) == len(Act)


@pytest.mark.parametrize(("act", "role"), list(itertools.product(Act, COLUMNS)), ids=lambda one: one.name)
def test_cell(act: Act, role: Role) -> None:
    decided = MEANING[ROWS[act.name][COLUMNS.index(role)]]

    assert extent(role, act) is decided
    assert may(role, act) is (decided is not Extent.NONE)


@pytest.mark.parametrize("act", Act, ids=lambda act: act.name)
def test_two_persons(act: Act) -> None:
    assert needs_two(act) is (ROWS[act.name][-1] == "2")


def test_an_administrator_sees_no_person_and_decides_nothing() -> None:
    allowed = {act for act in Act if may(Role.ADMINISTRATOR, act)}

    assert allowed == INSTALLATION | {
        Act.GRANT_SEAT,
        Act.REVOKE_SEAT,
        Act.READ_SEATS,
        Act.READ_STATIONS,
        Act.CONFIRM_ERASURE,
        Act.READ_JOURNAL,
        Act.READ_STATUS,
        Act.EXPORT_LOG,
    }


def test_what_separate_roles_do_overlaps_in_reading_and_in_what_harms_nobody() -> None:
    for first, second in itertools.combinations(SEPARATE_ROLES, 2):
        both = {act for act in Act if may(first, act) and may(second, act)}

        assert both - READING <= {
            Act.BREAK_GLASS,
            Act.REQUEST_CORRECTION,
            Act.CONFIRM_ERASURE,
            Act.EXPORT_LOG,
        }


def test_broken_glass_opens_neither_keys_nor_judging_nor_exports() -> None:
    closed = INSTALLATION | NEVER_IN_PRACTICE | TWO_PERSONS
    closed |= {Act.JUDGE, Act.ARBITRATE, Act.DECIDE_APPEAL, Act.ERASE, Act.EXPORT_PERSON, Act.IMPORT}

    assert not UNDER_BROKEN_GLASS & closed


def test_nobody_else_has_rights() -> None:
    assert set(COLUMNS) == set(Role)
