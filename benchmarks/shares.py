"""How much of a screening goes into what makes it accountable: sealing, journal, and agreement checks."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from musterpoint import imaging
from musterpoint.identifiers import RequestId, new_uuid
from musterpoint.storage.transacting import Transaction
from musterpoint.storage.vault import Vault
from musterpoint.synthetic import person
from musterpoint.templates import FingerPosition
from musterpoint.workflows import recording, screening
from musterpoint.workflows.capturing import Submission
from musterpoint.workflows.screening import ScreeningRequest, screen
from musterpoint.workflows.station import Station

SHOWN: Final = (FingerPosition.RIGHT_INDEX, FingerPosition.LEFT_INDEX)
FIRST_SEED: Final = 880_000
WARM_UP: Final = 3

PARTS: Final[dict[str, list[tuple[object, str]]]] = {
    "encryption": [(Vault, "seal"), (Vault, "open"), (Vault, "open_many"), (Vault, "new_key")],
    "journal": [(Transaction, "append_journal"), (Transaction, "_flush")],
    "agreement checks": [
        (recording, "authorise"),
        (recording, "galleries_searched"),
        (recording, "count_search"),
        (screening, "authorise"),
        (screening, "galleries_searched"),
    ],
}
"""What is timed of each part; what one calls of another counts for the one that was called first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Milliseconds of a screening, on average, and the share of all parts, by processor and clock."""

    whole_ms: float
    whole_wall_ms: float
    parts_ms: dict[str, float]
    share: float
    wall_share: float


class Shares:
    """Times of parts of a screening."""

    def __init__(self) -> None:
        self._processor: dict[str, float] = defaultdict(float)
        self._wall: dict[str, float] = defaultdict(float)
        self._is_inside = False

    def of_screenings(self, station: Station, count: int) -> Seen:
        """Screen so many people, each from the bytes of two images."""
        requests = [_request(seed) for seed in range(FIRST_SEED, FIRST_SEED + WARM_UP + count)]
        for request in requests[:WARM_UP]:
            screen(station, request)
        with self._timed():
            begun, busy = time.perf_counter(), time.process_time()
            for request in requests[WARM_UP:]:
                screen(station, request)
            wall, processor = time.perf_counter() - begun, time.process_time() - busy
        return Seen(
            whole_ms=1000 * processor / count,
            whole_wall_ms=1000 * wall / count,
            parts_ms={name: 1000 * self._processor[name] / count for name in PARTS},
            share=sum(self._processor.values()) / processor,
            wall_share=sum(self._wall.values()) / wall,
        )

    @contextmanager
    def _timed(self) -> Iterator[None]:
        with ExitStack() as stack:
            for part, places in PARTS.items():
                for owner, name in places:
                    stack.enter_context(patch.object(owner, name, self._counting(part, getattr(owner, name))))
            yield

    def _counting(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            if self._is_inside:
                return call(*given, **named)
            self._is_inside = True
            begun, busy = time.perf_counter(), time.process_time()
            try:
                return call(*given, **named)
            finally:
                self._wall[part] += time.perf_counter() - begun
                self._processor[part] += time.process_time() - busy
                self._is_inside = False

        return counted


def _request(seed: int) -> ScreeningRequest:
    fingers = person(seed)
    shown = tuple(
        Submission(name=one.label, data=imaging.to_png(fingers[one].impression(1).image), position=one)
        for one in SHOWN
    )
    return ScreeningRequest(
        request_id=RequestId(new_uuid()), submissions=shown, purpose="practice", site="north"
    )
