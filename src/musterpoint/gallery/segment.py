"""A segment: up to 65,536 references in arrays that only grow, and the inverted index over them.

One thread at a time may change a segment; any number may search a view of it meanwhile. What a view shows was
written before it was made and is never moved or changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from musterpoint import _compiled
from musterpoint.comparison import Bare
from musterpoint.gallery.kernels_geometry import KEY_BITS, SEGMENT_ROWS
from musterpoint.gallery.key_table import Keys, KeyTable, keys_of

if TYPE_CHECKING:
    from musterpoint.gallery import kernels_index
else:
    kernels_index = _compiled.load("musterpoint.gallery.kernels_index")

FILED_AT_ONCE: Final = 4096
"""References that wait before they are filed together: while they wait, each costs a search 2 microseconds;
filing copies the whole index of the segment, 0.2 s at most."""

_ROWS_AT_FIRST: Final = 64
_MINUTIAE_A_ROW: Final = 48

Identifiers = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReference:
    """One reference to be added.

    identifier  uint64 (2,), of the reference
    visit       uint64 (2,), of the encounter that it belongs to
    owner       number of the person
    position    `FingerPosition`
    minutiae    see `bare_minutiae`
    mean        cohort mean in milli-nats
    """

    identifier: Identifiers
    visit: Identifiers
    owner: int
    position: int
    minutiae: npt.NDArray[np.uint16]
    mean: int


@dataclass(frozen=True, slots=True, eq=False)
class Filed:
    """An inverted index: the references that have each key. It is replaced whole, never changed.

    starts    uint32 (2**22 + 1,)
    postings  uint16, rows by key, ascending
    rows      how many references are filed: 0 .. rows - 1
    """

    starts: npt.NDArray[np.uint32]
    postings: npt.NDArray[np.uint16]
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """Keys of the references that follow those filed, end to end.

    bounds  int64 (count + 1,), where each one's begin
    """

    keys: Keys
    bounds: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Arrays with one element a reference, and its minutiae.

    owners     uint32, number of the person
    positions  uint8, `FingerPosition`
    is_live    uint8, 0 for a removed reference
    sizes      uint16, number of keys; valid where keys were made
    means      int16, cohort means in milli-nats
    """

    bare: Bare
    identifiers: Identifiers
    visits: Identifiers
    owners: npt.NDArray[np.uint32]
    positions: npt.NDArray[np.uint8]
    is_live: npt.NDArray[np.uint8]
    sizes: npt.NDArray[np.uint16]
    means: npt.NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.owners)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of them by name, the minutiae among them."""
        return {
            "minutiae": self.bare.minutiae,
            "offsets": self.bare.offsets,
            "means": self.means,
            "identifiers": self.identifiers,
            "visits": self.visits,
            "owners": self.owners,
            "positions": self.positions,
            "is_live": self.is_live,
            "sizes": self.sizes,
        }


@dataclass(frozen=True, slots=True, eq=False)
class SegmentView:
    """A segment as it was at one moment. `waiting` and `filed` together cover all rows, or none."""

    columns: Columns
    filed: Filed
    waiting: Waiting

    def shared(self, keys: Keys, weights: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
        """The weights of the keys that each reference shares with a probe, added up.

        keys     uint32 (k,), distinct keys of the probe
        weights  uint8 (k,), theirs, in steps of `WEIGHT_STEP`
        returns  uint16 (rows,), in the same steps
        """
        total = np.zeros(SEGMENT_ROWS, np.uint16)
        kernels_index.add_filed(self.filed.starts, self.filed.postings, keys, weights, total)
        if len(self.waiting.bounds) > 1:
            weight_of_key = np.zeros(1 << KEY_BITS, np.uint8)
            weight_of_key[keys] = weights
            kernels_index.add_waiting(
                self.waiting.keys, self.waiting.bounds, self.filed.rows, weight_of_key, total
            )
        return total[: len(self.columns)]


def _nothing_filed() -> Filed:
    return Filed(_NO_STARTS, np.empty(0, np.uint16), 0)


def _nobody_waiting() -> Waiting:
    return Waiting(np.empty(0, np.uint32), np.zeros(1, np.int64))


@dataclass(slots=True, eq=False)
class Segment:
    """See the module.

    saved_as  name of the part of a snapshot that holds it as it is; empty without one
    """

    count: int = 0
    filed: Filed = field(default_factory=_nothing_filed)
    waiting: Waiting = field(default_factory=_nobody_waiting)
    saved_as: str = ""
    _arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    _minutiae: npt.NDArray[np.uint16] = field(
        default_factory=lambda: np.empty((_ROWS_AT_FIRST * _MINUTIAE_A_ROW, 3), np.uint16)
    )

    def __post_init__(self) -> None:
        if not self._arrays:
            self._arrays = {name: _empty(name, _ROWS_AT_FIRST) for name in _SHAPES}
            self._arrays["offsets"][0] = 0

    @classmethod
    def of(cls, columns: Columns, filed: Filed, waiting: Waiting) -> Segment:
        """A segment that holds what a view showed."""
        arrays = columns.arrays()
        return cls(
            count=len(columns),
            filed=filed,
            waiting=waiting,
            _arrays=arrays,
            _minutiae=arrays.pop("minutiae"),
        )

    @property
    def is_full(self) -> bool:
        """Whether no reference fits in any more."""
        return self.count == SEGMENT_ROWS

    @property
    def live(self) -> int:
        """References that were not removed."""
        return int(np.count_nonzero(self._arrays["is_live"][: self.count]))

    @property
    def bytes_held(self) -> tuple[int, int]:
        """Bytes of memory of the filter, and of everything else."""
        filter_arrays = (self.filed.starts, self.filed.postings, self.waiting.keys, self.waiting.bounds)
        rest = [array for name, array in self._arrays.items() if name != "sizes"]
        held = sum(array.nbytes for array in filter_arrays) if self.filed.rows else self.waiting.keys.nbytes
        return held + self._arrays["sizes"].nbytes, self._minutiae.nbytes + sum(a.nbytes for a in rest)

    def append(self, new: Sequence[NewReference]) -> None:
        """Add references; there must be room for all of them."""
        assert self.count + len(new) <= SEGMENT_ROWS, "a segment holds as many as 16 bits can number"
        if not new:
            return
        begin, end = self.count, self.count + len(new)
        lengths = np.array([len(one.minutiae) for one in new], np.int64)
        first = int(self._arrays["offsets"][begin])
        bounds = first + np.cumsum(lengths)
        self._minutiae = _with_room(self._minutiae, first, int(bounds[-1]))
        self._minutiae[first : int(bounds[-1])] = np.concatenate([one.minutiae for one in new])
        for name in _SHAPES:
            extra = 1 if name == "offsets" else 0
            self._arrays[name] = _with_room(self._arrays[name], begin + extra, end + extra)
        self._arrays["identifiers"][begin:end] = [one.identifier for one in new]
        self._arrays["visits"][begin:end] = [one.visit for one in new]
        self._arrays["owners"][begin:end] = [one.owner for one in new]
        self._arrays["positions"][begin:end] = [one.position for one in new]
        self._arrays["means"][begin:end] = [one.mean for one in new]
        self._arrays["is_live"][begin:end] = 1
        self._arrays["sizes"][begin:end] = 0
        self._arrays["offsets"][begin + 1 : end + 1] = bounds
        self.count = end
        self.saved_as = ""

    def view(self) -> SegmentView:
        """What the segment holds now."""
        return SegmentView(self.columns(), self.filed, self.waiting)

    def columns(self) -> Columns:
        """Its arrays, as far as they are filled."""
        n, arrays = self.count, self._arrays
        offsets = arrays["offsets"][: n + 1]
        return Columns(
            Bare(self._minutiae[: int(offsets[-1])], offsets),
            *(arrays[name][:n] for name in _SHAPES if name != "offsets"),
        )

    def changed(self, name: str) -> npt.NDArray[Any]:
        """A fresh copy of one of its arrays, to be changed; views made before keep theirs."""
        self._arrays[name] = self._arrays[name].copy()
        self.saved_as = ""
        return self._arrays[name]

    def make_keys(self, table: KeyTable, *, is_filing: bool = False) -> None:
        """Make the keys of the references that have none yet, and file those waiting where they are many.

        is_filing  file them however few they are
        """
        while True:
            keyed = self.filed.rows + len(self.waiting.bounds) - 1
            end = min(self.count, keyed + FILED_AT_ONCE)
            if keyed < end:
                self._make_keys_of(keyed, end, table)
            waiting = len(self.waiting.bounds) - 1
            if waiting >= FILED_AT_ONCE or (is_filing and waiting and end == self.count):
                self._file()
            if end == self.count:
                return

    def _make_keys_of(self, begin: int, end: int, table: KeyTable) -> None:
        offsets = self._arrays["offsets"][begin : end + 1]
        minutiae = self._minutiae[int(offsets[0]) : int(offsets[-1])]
        keys, bounds = keys_of(minutiae, offsets - offsets[0], table.weights)
        if not self._arrays["sizes"].flags.writeable:
            self._arrays["sizes"] = self._arrays["sizes"].copy()
        self._arrays["sizes"][begin:end] = np.diff(bounds)
        before = self.waiting
        self.waiting = Waiting(
            np.concatenate((before.keys, keys)),
            np.concatenate((before.bounds, bounds[1:] + before.bounds[-1])),
        )
        self.saved_as = ""

    def _file(self) -> None:
        before, waiting = self.filed, self.waiting
        starts = np.empty((1 << KEY_BITS) + 1, np.uint32)
        postings = np.empty(len(before.postings) + len(waiting.keys), np.uint16)
        kernels_index.file_keys(
            before.starts, before.postings, waiting.keys, waiting.bounds, before.rows, starts, postings
        )
        self.filed = Filed(starts, postings, before.rows + len(waiting.bounds) - 1)
        self.waiting = _nobody_waiting()
        self.saved_as = ""

    def without_removed(self) -> Segment:
        """A new segment that holds no trace of what was removed."""
        columns = self.columns()
        kept = np.flatnonzero(columns.is_live)
        lengths = np.diff(columns.bare.offsets)
        minutiae = columns.bare.minutiae[np.repeat(columns.is_live == 1, lengths)]
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths[kept])))
        arrays = {name: array[kept] for name, array in columns.arrays().items() if name in _A_ROW}
        filed, waiting = self._without(columns.is_live)
        return Segment(
            count=len(kept),
            filed=filed,
            waiting=waiting,
            _arrays=arrays | {"offsets": offsets},
            _minutiae=minutiae,
        )

    def _without(self, is_live: npt.NDArray[np.uint8]) -> tuple[Filed, Waiting]:
        filed, waiting = self.filed, self.waiting
        is_kept = is_live == 1
        places = np.where(is_kept, np.cumsum(is_kept) - 1, -1).astype(np.int32)
        if filed.rows:
            starts, postings = np.empty_like(filed.starts), np.empty_like(filed.postings)
            kernels_index.drop_rows(filed.starts, filed.postings, places, starts, postings)
            rows = int(np.count_nonzero(is_kept[: filed.rows]))
            filed = Filed(starts, postings[: int(starts[-1])].copy(), rows)
        held = np.diff(waiting.bounds)
        is_waiting = is_kept[self.filed.rows : self.filed.rows + len(held)]
        bounds = np.concatenate((np.zeros(1, np.int64), np.cumsum(held[is_waiting])))
        return filed, Waiting(waiting.keys[np.repeat(is_waiting, held)], bounds)


_SHAPES: Final[dict[str, tuple[tuple[int, ...], type[np.generic]]]] = {
    "identifiers": ((2,), np.uint64),
    "visits": ((2,), np.uint64),
    "owners": ((), np.uint32),
    "positions": ((), np.uint8),
    "is_live": ((), np.uint8),
    "sizes": ((), np.uint16),
    "means": ((), np.int16),
    "offsets": ((), np.int64),
}

_A_ROW: Final = frozenset(_SHAPES) - {"offsets"}

_NO_STARTS: Final = np.zeros((1 << KEY_BITS) + 1, np.uint32)
_NO_STARTS.flags.writeable = False


def _empty(name: str, rows: int) -> npt.NDArray[Any]:
    shape, dtype = _SHAPES[name]
    return np.empty((rows + 1, *shape), dtype)


def _with_room(array: npt.NDArray[Any], used: int, needed: int) -> npt.NDArray[Any]:
    if needed <= len(array) and array.flags.writeable:
        return array
    larger = np.empty((max(needed, 3 * len(array) // 2), *array.shape[1:]), array.dtype)
    larger[:used] = array[:used]
    return larger
