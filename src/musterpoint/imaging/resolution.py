"""Which resolution an image has: the caller's word, else the file's own, else an error; never a guess."""

from __future__ import annotations

from typing import Final, Literal

from musterpoint.errors import ResolutionMissing, ResolutionOutOfRange
from musterpoint.imaging.headers.values import Resolution
from musterpoint.limits import PPI_MAX, PPI_MIN

_SNAPS: Final = ((196.0, 198.0, 500.0), (393.0, 395.0, 1000.0), (98.0, 99.0, 250.0))
"""Pixels per centimetre that mean a whole number per inch: 197/cm is how 500 ppi is rounded."""

_CM_PER_INCH: Final = 2.54
_ASPECT_TOLERANCE: Final = 0.01
_SCREEN_PPI: Final = (72, 96)

_HINT: Final = "Give the resolution of the scanner with --ppi, for example --ppi 500"


def given(ppi: float) -> float:
    """The caller's resolution, checked.

    Raises:
        ResolutionOutOfRange: not a number between 250 and 1200.
    """
    if not PPI_MIN <= ppi <= PPI_MAX:  # nor is a NaN between them
        raise _out_of_range(f"{ppi:g} ppi was given")
    return float(ppi)


def resolve(stated: Resolution | None, ppi: float | None) -> tuple[float, Literal["file", "given"]]:
    """The resolution to use in pixels per inch, and whose word it is.

    Raises:
        ResolutionMissing: nobody states one.
        ResolutionOutOfRange: what is stated cannot be right.
    """
    if ppi is not None:
        return given(ppi), "given"
    if stated is None:
        raise ResolutionMissing(expected=_range(), found="the file does not state its resolution", hint=_HINT)
    return _from_file(stated), "file"


def ppi_of_metric(px_per_cm: float) -> float:
    """Pixels per inch of pixels per centimetre, brought to the round number that was meant.

    Metric fields hold 197 or 196.85 for 500 ppi; taken literally, every distance would be 0.08 % off.
    """
    for low, high, meant in _SNAPS:
        if low <= px_per_cm <= high:
            return meant
    return px_per_cm * _CM_PER_INCH


def _from_file(stated: Resolution) -> float:
    x, y = stated.x, stated.y
    if stated.is_metric:
        x, y = ppi_of_metric(x), ppi_of_metric(y)
    if abs(x - y) > _ASPECT_TOLERANCE * max(x, y):
        raise _out_of_range(f"the file states {x:.4g} x {y:.4g} ppi, but pixels must be square")
    if not PPI_MIN <= x <= PPI_MAX:
        is_default = round(x) in _SCREEN_PPI
        raise _out_of_range(f"the file states {x:.4g} ppi{', the default of a screen' if is_default else ''}")
    return float(x)


def _range() -> str:
    return f"{PPI_MIN} to {PPI_MAX} ppi"


def _out_of_range(found: str) -> ResolutionOutOfRange:
    return ResolutionOutOfRange(expected=_range(), found=found, hint=_HINT)
