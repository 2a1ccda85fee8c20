"""What a template is: minutiae at 500 ppi, and where they came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from musterpoint.limits import IMAGE_SIDE_MAX_PX, MINUTIAE_MAX

I16 = npt.NDArray[np.int16]
U16 = npt.NDArray[np.uint16]
U8 = npt.NDArray[np.uint8]


class FingerPosition(IntEnum):
    """Finger position codes of ISO/IEC 19794-2:2005, table 2."""

    UNKNOWN = 0
    RIGHT_THUMB = 1
    RIGHT_INDEX = 2
    RIGHT_MIDDLE = 3
    RIGHT_RING = 4
    RIGHT_LITTLE = 5
    LEFT_THUMB = 6
    LEFT_INDEX = 7
    LEFT_MIDDLE = 8
    LEFT_RING = 9
    LEFT_LITTLE = 10

    @property
    def label(self) -> str:
        """The position as people type it: `right-index`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def from_label(cls, label: str) -> FingerPosition:
        """The position of a label such as `right-index`. Raises KeyError for any other text."""
        return cls[label.strip().upper().replace("-", "_").replace(" ", "_")]


class Impression(IntEnum):
    """Impression type codes of ISO/IEC 19794-2:2005, table 3."""

    LIVE_PLAIN = 0
    LIVE_ROLLED = 1
    NONLIVE_PLAIN = 2
    NONLIVE_ROLLED = 3
    SWIPE = 8


class MinutiaKind(IntEnum):
    """Minutia type codes of ISO/IEC 19794-2:2005, 6.5.1."""

    OTHER = 0
    ENDING = 1
    BIFURCATION = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Minutiae:
    """Minutiae as a structure of arrays of one length n, read-only.

    x, y       int16 (n,), pixels at 500 ppi, origin at the top left pixel, y down, 0..16383
    direction  uint16 (n,), 1/65536 turn, counter-clockwise as seen, 0 to the right; from the minutia
               into the ridge (ending) or the valley (bifurcation), as in ISO/IEC 19794-2
    kind       uint8 (n,), `MinutiaKind`
    quality    uint8 (n,), 1..255 in 1/255, 0 = not reported
    """

    x: I16
    y: I16
    direction: U16
    kind: U8
    quality: U8

    def __post_init__(self) -> None:
        count = len(self.x)
        if count > MINUTIAE_MAX:
            raise ValueError(f"{count} minutiae, at most {MINUTIAE_MAX} are allowed")
        for name, dtype in _COLUMNS.items():
            column = np.ascontiguousarray(getattr(self, name), dtype=dtype)
            if column.shape != (count,):
                raise ValueError(f"{name} has shape {column.shape}, expected ({count},)")
            if column.flags.writeable:
                column = column.copy()
                column.flags.writeable = False
            object.__setattr__(self, name, column)
        if count and (
            min(self.x.min(), self.y.min()) < 0 or max(self.x.max(), self.y.max()) > IMAGE_SIDE_MAX_PX
        ):
            raise ValueError(f"coordinates must lie in 0..{IMAGE_SIDE_MAX_PX}")
        if count and self.kind.max() > MinutiaKind.BIFURCATION:
            raise ValueError("unknown kind of minutia")

    def __len__(self) -> int:
        return len(self.x)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Minutiae):
            return NotImplemented
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in _COLUMNS)

    # Arrays have no hash; the type checker knows `object.__hash__` only as a method.
    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def empty(cls) -> Minutiae:
        """No minutiae at all."""
        return cls(**{name: np.empty(0, dtype) for name, dtype in _COLUMNS.items()})

    def take(self, indices: npt.NDArray[np.intp]) -> Minutiae:
        """The minutiae at `indices`, in that order."""
        return Minutiae(**{name: getattr(self, name)[indices] for name in _COLUMNS})


_COLUMNS = {"x": np.int16, "y": np.int16, "direction": np.uint16, "kind": np.uint8, "quality": np.uint8}


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortMean:
    """How high a template scores against fingers of other people, see `musterpoint.comparison`.

    cohort     number of the cohort that it was compared with, 1..255
    millinats  mean of the highest scores, in milli-nats, -32768..32767
    """

    cohort: int
    millinats: int

    def __post_init__(self) -> None:
        if not 1 <= self.cohort <= 255:
            raise ValueError(f"cohort {self.cohort}, must lie in 1..255")
        if not -32768 <= self.millinats <= 32767:
            raise ValueError(f"{self.millinats} milli-nats, must fit 16 bits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The minutiae of one finger.

    width_px, height_px  size of the image at 500 ppi, 1..16383
    quality              0..100, or None where not computed
    extractor            name and version of what found the minutiae, at most 64 ASCII characters
    cohort_mean          what normalises its scores, or None where it was not computed
    """

    minutiae: Minutiae
    width_px: int
    height_px: int
    position: FingerPosition = FingerPosition.UNKNOWN
    impression: Impression = Impression.LIVE_PLAIN
    quality: int | None = None
    extractor: str = "unknown"
    cohort_mean: CohortMean | None = None

    def __post_init__(self) -> None:
        if not (0 < self.width_px <= IMAGE_SIDE_MAX_PX and 0 < self.height_px <= IMAGE_SIDE_MAX_PX):
            raise ValueError(
                f"size {self.width_px} x {self.height_px} px, sides must lie in 1..{IMAGE_SIDE_MAX_PX}"
            )
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise ValueError(f"quality {self.quality}, must lie in 0..100")
        if not (self.extractor.isascii() and 0 < len(self.extractor) <= 64):
            raise ValueError("extractor must be 1..64 ASCII characters")
