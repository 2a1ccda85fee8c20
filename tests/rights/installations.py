"""Real installations in a temporary folder: an agreement that two parties signed, and a seat of each role."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from tests.rights.clocks import MovableClock

from musterpoint.clock import Instant
from musterpoint.extraction import Extractor
from musterpoint.identifiers import AgreementId, new_uuid
from musterpoint.registry.agreements import (
    AgreementState,
    AgreementVersion,
    AnswerKind,
    Grant,
    Party,
    PartyRole,
    ScreeningRules,
)
from musterpoint.registry.seats import Role
from musterpoint.storage import Database, keyfiles
from musterpoint.storage.keyfiles import SigningKey
from musterpoint.workflows.acting import HeldKeys
from musterpoint.workflows.agreements import add_version, answer_agreement, sign_answer
from musterpoint.workflows.practice import begin_practice
from musterpoint.workflows.seats import SeatRequest, grant_seats
from musterpoint.workflows.station import Station

AGENCY = "Relief agency"
COUNCIL = "City council"
DEPARTURE = "departure"
DEPARTURES = "departures"
DAY_US = 86_400 * 1_000_000
SEARCHING = frozenset({Role.CAPTURE_OFFICER, Role.SUPERVISOR, Role.INTEGRATOR})
SEATS = {
    Role.CAPTURE_OFFICER: "officer",
    Role.ADJUDICATOR: "adjudicator",
    Role.SUPERVISOR: "supervisor",
    Role.OBSERVER: "observer",
    Role.INTEGRATOR: "integrator",
    Role.ADMINISTRATOR: "administrator",
    Role.TRANSPORTER: "transporter",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A station with real seats, the clock that everything goes by, and the parties' keys."""

    station: Station
    clock: MovableClock
    party_keys: dict[str, SigningKey]

    def acting(self, seat: str, second: str = "") -> Station:
        """The station with somebody acting."""
        return self.station.acting_as(seat, second)

    def kinds(self, *, since: int = 0) -> list[str]:
        """Kinds of the journal's lines."""
        with self.station.database.read() as snapshot:
            return [line.kind for line in snapshot.journal(since=since)]

    def position(self) -> int:
        """Lines in the journal."""
        with self.station.database.read() as snapshot:
            return snapshot.position


def grant(purpose: str = DEPARTURE, gallery: str = DEPARTURES, **changes: object) -> Grant:
    """A grant that enrols, with changes."""
    plain = Grant(
        purpose=purpose, gallery=gallery, roles=SEARCHING, target_fpir_ppm=10_000, enrols=True, no_list=False
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # what a test names is a field


def version(
    keys: dict[str, SigningKey], now: Instant, *grants: Grant, number: int = 1, days: int = 30
) -> AgreementVersion:
    """An agreement of the parties over these grants."""
    return AgreementVersion(
        agreement_id=AgreementId(new_uuid()),
        version=number,
        name=f"Agreement over {', '.join(one.purpose for one in grants)}",
        valid_from=Instant(now),
        valid_until=Instant(now + days * DAY_US),
        parties=tuple(
            Party(name=name, office="Office", roles=(PartyRole.NEGOTIATED,), public_key=key.public_key)
            for name, key in keys.items()
        ),
        terms=(),
        grants=grants,
        retention=(),
        screening=ScreeningRules(),
    )


def open_empty(folder: Path, extractor: Extractor) -> Installation:
    """A registry with practice seats only."""
    clock = MovableClock()
    database = Database.open(folder / "registry", clock=clock)
    practice = folder / "registry" / keyfiles.PRACTICE_FOLDER
    begin_practice(database, practice)
    station = Station(database=database, extractor=extractor, clock=clock, keys=held(practice))
    return Installation(
        station=station,
        clock=clock,
        party_keys={AGENCY: SigningKey.generate(), COUNCIL: SigningKey.generate()},
    )


def held(practice: Path) -> HeldKeys:
    """The keys that lie in the folders now."""
    return HeldKeys(files=keyfiles.held(keyfiles.key_folder(), practice))


def with_seats(empty: Installation, folder: Path) -> Installation:
    """The same with two real seats of each role, the second called `… 2`."""
    names = [(f"{name}{ordinal}", role) for role, name in SEATS.items() for ordinal in ("", " 2")]
    grant_seats(empty.station, [SeatRequest(name=name, role=role, party=AGENCY) for name, role in names])
    practice = folder / "registry" / keyfiles.PRACTICE_FOLDER
    return replace(empty, station=replace(empty.station, keys=held(practice)))


def agree(installation: Installation, made: AgreementVersion) -> AgreementState:
    """Add a version and let every party acknowledge it."""
    station = installation.acting("supervisor")
    add_version(station, made)
    state = AgreementState.UNSIGNED
    for name, key in installation.party_keys.items():
        answer = sign_answer(made, name, key, AnswerKind.ACKNOWLEDGED)
        state = answer_agreement(station, answer)
    return state
