"""Everybody of a batch at a gate: each known by what is handed in, so that a batch goes on where it was."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from musterpoint.cli.forgiven import forgiven_as_json
from musterpoint.errors import NotFound, UnusableInput
from musterpoint.identifiers import EncounterId, RequestId, uuid_of
from musterpoint.registry import NotCaptured
from musterpoint.workflows.capturing import Capture, capture, digest
from musterpoint.workflows.children import Told
from musterpoint.workflows.listing import ListedPerson
from musterpoint.workflows.screening import ScreeningRequest, find_screened
from musterpoint.workflows.screening import screen as screen_person
from musterpoint.workflows.screening_outcome import ScreeningOutcome
from musterpoint.workflows.station import Station


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What is the same for everybody who is screened by one command."""

    purpose: str
    site: str
    gallery: str
    searched: frozenset[str] | None
    stays_open: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody of a batch with the fingers that were taken ahead; None where that is not needed."""

    person: ListedPerson
    request: ScreeningRequest
    captures: tuple[Capture, ...] | None


class Batch:
    """The requests of a batch.

    forgiven  by record, what was forgiven in somebody's files when their fingers were taken

    A carer may be named by the record of somebody who stands before in the listing: a family comes together.
    """

    def __init__(
        self,
        station: Station,
        occasion: Occasion,
        people: Sequence[ListedPerson],
        raw_size: tuple[int, int] | None,
    ) -> None:
        self._station = station
        self._occasion = occasion
        self._raw_size = raw_size
        self.forgiven: dict[str, list[dict[str, object]]] = {}
        self._before = {one.record: people[:number] for number, one in enumerate(people) if one.carer}

    def capture(self, person: ListedPerson) -> Taken:
        """Take the fingers of somebody, unless the request was answered in an earlier run."""
        request = self._request(person)
        if not request.submissions or self._is_answered(person, request):
            return Taken(person, request, None)
        captures = capture(self._station.extractor, request.submissions)
        self.forgiven[person.record] = forgiven_as_json(request.submissions)
        return Taken(person, request, captures)

    def record(self, taken: Taken) -> ScreeningOutcome:
        """Screen somebody. Raises as `screen` does, and NotFound for a carer who was not recorded."""
        request = taken.request
        if taken.person.carer:
            request = self._request(taken.person, carer=self._carer(taken.person))
        return screen_person(self._station, request, taken.captures)

    def _is_answered(self, person: ListedPerson, request: ScreeningRequest) -> bool:
        if person.carer:
            try:
                request = self._request(person, carer=self._carer(person))
            except NotFound:
                # The carer is recorded later, and so is who comes with them.
                return False
        return find_screened(self._station, request) is not None

    def _carer(self, person: ListedPerson) -> EncounterId:
        named = next((one for one in self._before[person.record] if one.record == person.carer), None)
        if named is None:
            with self._station.database.read() as snapshot:
                return snapshot.find_encounter(person.carer)
        found = None
        # Whoever answers for a child has no carer, so that this ends.
        if not named.carer:
            with suppress(UnusableInput):
                found = find_screened(self._station, self._request(named))
        if found is None:
            raise NotFound(
                expected="a carer who was recorded before in this batch",
                found="one whose own row failed, or who has a carer too",
                hint="Correct the row of the carer, and run the batch again",
                where="carer",
            )
        return EncounterId(UUID(found.encounter))

    def _request(self, person: ListedPerson, *, carer: EncounterId | None = None) -> ScreeningRequest:
        occasion = self._occasion
        submissions = tuple(file.read(self._raw_size) for file in person.files)
        known_by = digest(
            submissions,
            "batch",
            occasion.purpose,
            occasion.site,
            occasion.gallery,
            person.record,
            _reasons(person.not_captured),
            *_more(occasion, person),
        )
        return ScreeningRequest(
            request_id=RequestId(uuid_of(known_by)),
            submissions=submissions,
            purpose=occasion.purpose,
            site=occasion.site,
            not_captured=person.not_captured,
            gallery=occasion.gallery,
            search_galleries=occasion.searched,
            source_record=person.record,
            told=Told(age=person.age, carer=carer),
            exception=person.exception,
            stays_open=occasion.stays_open,
        )


def _reasons(not_captured: Sequence[NotCaptured]) -> str:
    return ",".join(f"{int(item.position)}={item.reason}" for item in not_captured)


def _more(occasion: Occasion, person: ListedPerson) -> list[str]:
    """What else makes a request another one; nothing where it is not said, as before it could be said."""
    said = {
        "search": None if occasion.searched is None else "|".join(sorted(occasion.searched)),
        "stays open": "yes" if occasion.stays_open else None,
        "age": None if person.age is None else str(person.age),
        "carer": person.carer or None,
        "exception": person.exception or None,
    }
    return [f"{name}={text}" for name, text in said.items() if text is not None]
