"""Finger views as they stand in a record, and the templates they mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from musterpoint.imaging import ppi_of_metric
from musterpoint.interchange.cursor import Cursor, broken
from musterpoint.interchange.dialects import ISO_ANGLE_STEP, Dialect
from musterpoint.interchange.values import DeviationCode
from musterpoint.limits import IMAGE_SIDE_MAX_PX, PPI
from musterpoint.templates import FingerPosition, Impression, Minutiae, MinutiaKind, Template

MINUTIA: Final = np.dtype([("x", ">u2"), ("y", ">u2"), ("angle", "u1"), ("quality", "u1")])
MINUTIA_WITHOUT_QUALITY: Final = np.dtype([("x", ">u2"), ("y", ">u2"), ("angle", "u1")])

PX_PER_CM: Final = 197
"""How 500 ppi is written in a record."""

_COORDINATE_MASK: Final = 0x3FFF
_KIND_SHIFT: Final = 14
_KIND_ILLEGAL: Final = 3
_TURN: Final = 65536
_QUALITY_MAX: Final = 100
_TEMPLATE_QUALITY_PER_PERCENT: Final = 2.55
_OUTSIDE_KEPT: Final = 1.05
"""Writers round differently, so a point may lie just outside; further out it is damage."""

_IMPRESSIONS: Final = {
    **{int(code): code for code in Impression},
    # INCITS 378-2009, table 5: optical and other, contact and contactless; odd codes are rolled.
    **{code: Impression.LIVE_ROLLED if code % 2 else Impression.LIVE_PLAIN for code in range(20, 28)},
    9: Impression.LIVE_PLAIN,  # contactless
    28: Impression.LIVE_PLAIN,  # other
    29: Impression.LIVE_PLAIN,  # unknown
}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One finger view in the record's own units.

    width_px, height_px, x_per_cm, y_per_cm  0 where the record leaves them out
    quality                                  None where no number from 0 to 100 is given
    rows                                     (n,) of `MINUTIA` or `MINUTIA_WITHOUT_QUALITY`
    """

    offset: int
    position: int
    number: int
    impression: int
    quality: int | None
    width_px: int
    height_px: int
    x_per_cm: int
    y_per_cm: int
    rows: npt.NDArray[np.void]


def read_rows(cursor: Cursor, count: int, layout: np.dtype[np.void]) -> npt.NDArray[np.void]:
    """The next `count` minutiae, as stored."""
    cursor.need(count * layout.itemsize, "its minutiae")
    rows = np.frombuffer(cursor.data, layout, count, cursor.offset)
    cursor.offset += count * layout.itemsize
    return rows


def finger_quality(cursor: Cursor, value: int, absent: frozenset[int]) -> int | None:
    """The quality of a finger, or None where the record does not know it."""
    if value <= _QUALITY_MAX and value not in absent:
        return value
    if value not in absent:
        cursor.note(DeviationCode.FINGER_QUALITY, f"quality {value}", "not known")
    return None


def note_view_numbers(cursor: Cursor, views: Sequence[View]) -> None:
    """Views of one finger are numbered from 0; real writers number through, or from 1."""
    seen: Counter[int] = Counter()
    for view in views:
        expected = seen[view.position]
        seen[view.position] += 1
        if view.number != expected:
            cursor.note(
                DeviationCode.VIEW_NUMBER, f"view number {view.number}", f"number {expected}", view.offset
            )


def to_templates(cursor: Cursor, views: Sequence[View], dialect: Dialect) -> tuple[Template, ...]:
    """The templates of all views of a record.

    Raises:
        RecordError: there is no view at all, or an image is larger than allowed.
    """
    if not views:
        raise broken("the record holds no finger")
    note_view_numbers(cursor, views)
    angle_step = _angle_step(cursor, views, dialect)
    return tuple(_to_template(cursor, view, dialect, angle_step) for view in views)


def _angle_step(cursor: Cursor, views: Sequence[View], dialect: Dialect) -> float:
    """Some writers of INCITS records use ISO's unit; one angle beyond the range gives them away."""
    largest = max((int(view.rows["angle"].max()) for view in views if len(view.rows)), default=0)
    if largest <= dialect.angle_max:
        return dialect.angle_step
    cursor.note(DeviationCode.ANGLE_UNIT, f"angle {largest}", "units of 360/256 degrees", views[0].offset)
    return ISO_ANGLE_STEP


def _to_template(cursor: Cursor, view: View, dialect: Dialect, angle_step: float) -> Template:
    rows = view.rows
    x = (rows["x"] & _COORDINATE_MASK).astype(np.float64)
    y = (rows["y"] & _COORDINATE_MASK).astype(np.float64)
    width_px, height_px = _size(cursor, view, x, y)
    x_scale, y_scale = PPI / _ppi(cursor, view, view.x_per_cm), PPI / _ppi(cursor, view, view.y_per_cm)
    width = round(width_px * x_scale)
    height = round(height_px * y_scale)
    if not (0 < width <= IMAGE_SIDE_MAX_PX and 0 < height <= IMAGE_SIDE_MAX_PX):
        raise broken(f"the record is of an image of {width} x {height} px at {PPI} ppi")
    columns = {
        "x": np.rint(x * x_scale),
        "y": np.rint(y * y_scale),
        "direction": _directions(rows["angle"] * angle_step, x_scale, y_scale),
        "kind": _kinds(cursor, view),
        "quality": _qualities(cursor, view, dialect),
    }
    kept = _inside(cursor, view, x < width_px * _OUTSIDE_KEPT, y < height_px * _OUTSIDE_KEPT)
    kept &= (columns["x"] <= IMAGE_SIDE_MAX_PX) & (columns["y"] <= IMAGE_SIDE_MAX_PX)
    return Template(
        minutiae=Minutiae(**{name: column[kept] for name, column in columns.items()}),
        width_px=width,
        height_px=height,
        position=_position(cursor, view),
        impression=_impression(cursor, view),
        quality=view.quality,
        extractor=dialect.format.value,
    )


def _size(
    cursor: Cursor, view: View, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[int, int]:
    if view.width_px and view.height_px:
        return view.width_px, view.height_px
    width_px = view.width_px or int(x.max(initial=0)) + 1
    height_px = view.height_px or int(y.max(initial=0)) + 1
    found = f"image size {view.width_px} x {view.height_px}"
    cursor.note(DeviationCode.IMAGE_SIZE, found, f"{width_px} x {height_px} px", view.offset)
    return width_px, height_px


def _ppi(cursor: Cursor, view: View, px_per_cm: int) -> float:
    if px_per_cm == 0:
        cursor.note(DeviationCode.RESOLUTION, "resolution 0", f"{PX_PER_CM} px/cm", view.offset)
    return ppi_of_metric(px_per_cm or PX_PER_CM)


def _directions(angles: npt.NDArray[np.float64], x_scale: float, y_scale: float) -> npt.NDArray[np.uint16]:
    """1/65536 turn; unequal scales turn a direction, too."""
    if x_scale != y_scale:
        radians = angles * (2 * np.pi / _TURN)
        angles = np.arctan2(np.sin(radians) * y_scale, np.cos(radians) * x_scale) * (_TURN / (2 * np.pi))
    return (np.rint(angles).astype(np.int64) % _TURN).astype(np.uint16)


def _kinds(cursor: Cursor, view: View) -> npt.NDArray[np.uint8]:
    kinds = (view.rows["x"] >> _KIND_SHIFT).astype(np.uint8)
    illegal = kinds == _KIND_ILLEGAL
    if illegal.any():
        found = f"{illegal.sum()} minutiae of kind {_KIND_ILLEGAL}"
        cursor.note(DeviationCode.MINUTIA_KIND, found, "kind other", view.offset)
    reserved = view.rows["y"] >> _KIND_SHIFT
    if reserved.any():
        found = f"reserved bits set in {np.count_nonzero(reserved)} minutiae"
        cursor.note(DeviationCode.RESERVED_BITS, found, "0", view.offset)
    return np.where(illegal, np.uint8(MinutiaKind.OTHER), kinds)


def _qualities(cursor: Cursor, view: View, dialect: Dialect) -> npt.NDArray[np.uint8]:
    """1..255, 0 = not reported: percent to 1/255."""
    if "quality" not in (view.rows.dtype.names or ()):
        return np.zeros(len(view.rows), np.uint8)
    percent = view.rows["quality"]
    absent = np.isin(percent, sorted(dialect.quality_absent))
    wrong = (percent > _QUALITY_MAX) & ~absent
    if wrong.any():
        found = f"{wrong.sum()} minutiae of quality above {_QUALITY_MAX}"
        cursor.note(DeviationCode.MINUTIA_QUALITY, found, "not reported", view.offset)
    # A computed quality of 0 percent stays apart from one that was not reported.
    reported = np.maximum(np.rint(percent * _TEMPLATE_QUALITY_PER_PERCENT), 1)
    return np.where(absent | wrong, 0, reported).astype(np.uint8)


def _inside(
    cursor: Cursor, view: View, inside_x: npt.NDArray[np.bool_], inside_y: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    kept = inside_x & inside_y
    if not kept.all():
        found = f"{np.count_nonzero(~kept)} minutiae far outside of the image"
        cursor.note(DeviationCode.OUTSIDE_IMAGE, found, "left out", view.offset)
    return kept


def _position(cursor: Cursor, view: View) -> FingerPosition:
    try:
        return FingerPosition(view.position)
    except ValueError:
        cursor.note(DeviationCode.POSITION, f"finger position {view.position}", "unknown", view.offset)
        return FingerPosition.UNKNOWN


def _impression(cursor: Cursor, view: View) -> Impression:
    if view.impression in _IMPRESSIONS:
        return _IMPRESSIONS[view.impression]
    cursor.note(DeviationCode.IMPRESSION, f"impression type {view.impression}", "live, plain", view.offset)
    return Impression.LIVE_PLAIN
