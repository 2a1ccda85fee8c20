"""Fingers grown from a seed, and their impressions with known minutiae."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from musterpoint.imaging import FingerImage, from_pixels
from musterpoint.limits import IMAGE_SIDE_MAX_PX, IMAGE_SIDE_MIN_PX, MINUTIAE_MAX, PPI
from musterpoint.synthetic.masters import Form, Master, Pattern, grow_master
from musterpoint.synthetic.presses import (
    CAPACITIVE_SIZE_PX,
    OPTICAL_SIZE_PX,
    Condition,
    Grade,
    Press,
    Pressed,
    Sensor,
    press,
)
from musterpoint.synthetic.skins import Habit, Skin, cover
from musterpoint.synthetic.streams import Stream, derive
from musterpoint.synthetic.version import GENERATOR_VERSION
from musterpoint.templates import FingerPosition, Minutiae, MinutiaKind, Template


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """All minutiae of the finger as they lie in one impression; n is the same for every impression.

    Element i is the same minutia in all impressions of a finger.

    x, y       float32 (n,), px at 500 ppi, may lie outside of the image
    direction  uint16 (n,), 1/65536 turn, counter-clockwise as seen, as in `Minutiae`
    kind       uint8 (n,), `MinutiaKind`
    visible    bool (n,), inside of the image and of the contact, among ridges
    certain    bool (n,), neither close to another minutia nor to a core or delta
    """

    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.float32]
    direction: npt.NDArray[np.uint16]
    kind: npt.NDArray[np.uint8]
    visible: npt.NDArray[np.bool_]
    certain: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name in ("x", "y", "direction", "kind", "visible", "certain"):
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SyntheticImpression:
    """A picture of a synthetic finger, with what is true of it."""

    image: FingerImage
    truth: Truth
    grade: Grade
    sensor: Sensor
    condition: Condition
    position: FingerPosition

    def template(self) -> Template:
        """The visible minutiae as a template; certain ones have quality 255, the others 128.

        The 255 minutiae of a template are more than any impression shows.
        """
        truth = self.truth
        seen = np.flatnonzero(truth.visible)[:MINUTIAE_MAX]
        height_px, width_px = self.image.pixels.shape
        return Template(
            minutiae=Minutiae(
                x=np.clip(np.rint(truth.x[seen]), 0, width_px - 1).astype(np.int16),
                y=np.clip(np.rint(truth.y[seen]), 0, height_px - 1).astype(np.int16),
                direction=truth.direction[seen],
                kind=truth.kind[seen],
                quality=np.where(truth.certain[seen], 255, 128).astype(np.uint8),
            ),
            width_px=width_px,
            height_px=height_px,
            position=self.position,
            extractor=f"musterpoint synthetic {GENERATOR_VERSION}",
        )


class Finger:
    """A synthetic finger: the same seed and pattern are the same finger, everywhere and always.

    Ridges and skin are grown when the first impression is asked for (about 50 ms) and kept (3 MB).
    """

    def __init__(
        self,
        seed: int,
        pattern: Pattern | None = None,
        *,
        habit: Habit | None = None,
        position: FingerPosition = FingerPosition.UNKNOWN,
    ) -> None:
        """Describe a finger; nothing is grown yet.

        seed      any integer; only its lowest 64 bits count
        pattern   None draws one as often as it occurs in nature
        habit     what this finger has in common with others of its person
        position  noted in templates; changes nothing else
        """
        self.seed = seed
        self.position = position
        self._habit = habit or Habit(seed=seed)
        self._asked = pattern
        # The same seed with another pattern is another finger in every respect.
        self._key = derive(seed, "finger", 0 if pattern is None else 1 + int(pattern))
        self._grown: Master | None = None
        self._covered: Skin | None = None

    def __repr__(self) -> str:
        return f"Finger({self.seed}, {self._asked!r}, position={self.position!r})"

    @property
    def pattern(self) -> Pattern:
        """The class of the ridge flow."""
        return self._form.pattern

    def impression(
        self,
        number: int,
        *,
        grade: Grade = "good",
        sensor: Sensor = "optical",
        condition: Condition | None = None,
        size_px: tuple[int, int] | None = None,
    ) -> SyntheticImpression:
        """Press the finger for the `number`-th time.

        grade      how carefully it is placed and how clean contact is
        sensor     optical: dark ridges on white; capacitive: a small grey window
        condition  of the skin; None draws it for this occasion, alike for all fingers of a person
        size_px    width and height; None takes 400 x 500 (optical) or 300 x 300 (capacitive)

        Raises ValueError for a value outside of these.
        """
        placing = self._placing(number, grade, sensor, condition, size_px)
        return self._impression(placing)

    def smudged(self, number: int) -> SyntheticImpression:
        """An impression that nobody can use: the finger is wet and slips while it is captured.

        Of its truth nothing is visible. No extractor should trust it, and some will find no finger in it.
        """
        placing = self._placing(number, "fair", "optical", "wet", None)
        return self._impression(replace(placing, slips=True))

    @cached_property
    def _form(self) -> Form:
        return Form.draw(derive(self._key, "form"), self._asked, self._habit.period_offset_px)

    # Not by cached_property: before Python 3.12 it lets one thread at a time grow any finger.
    @property
    def _master(self) -> Master:
        if self._grown is None:
            self._grown = grow_master(derive(self._key, "master"), self._form)
        return self._grown

    @property
    def _skin(self) -> Skin:
        if self._covered is None:
            crease_tendency = self._habit.crease_tendency
            self._covered = cover(derive(self._key, "skin"), self._form, self._master, crease_tendency)
        return self._covered

    def _placing(
        self,
        number: int,
        grade: Grade,
        sensor: Sensor,
        condition: Condition | None,
        size_px: tuple[int, int] | None,
    ) -> Press:
        for value, allowed in ((grade, Grade), (sensor, Sensor), (condition, Condition)):
            if value is not None and value not in get_args(allowed):
                raise ValueError(f"{value!r} is none of {', '.join(get_args(allowed))}")
        if size_px is None:
            size_px = OPTICAL_SIZE_PX if sensor == "optical" else CAPACITIVE_SIZE_PX
        if not all(IMAGE_SIDE_MIN_PX <= side <= IMAGE_SIDE_MAX_PX for side in size_px):
            raise ValueError(f"size {size_px} px, sides must lie in {IMAGE_SIDE_MIN_PX}..{IMAGE_SIDE_MAX_PX}")
        return Press(
            key=derive(self._key, f"impression {grade} {sensor}", number),
            grade=grade,
            sensor=sensor,
            condition=condition or _condition(self._habit, number),
            size_px=size_px,
            dryness=self._habit.dryness,
        )

    def _impression(self, placing: Press) -> SyntheticImpression:
        pressed = press(self._form, self._master, self._skin, placing)
        return SyntheticImpression(
            image=from_pixels(pressed.pixels, PPI),
            truth=_truth(self._master, pressed),
            grade=placing.grade,
            sensor=placing.sensor,
            condition=placing.condition,
            position=self.position,
        )


def _condition(habit: Habit, number: int) -> Condition:
    conditions: tuple[Condition, ...] = ("normal", "dry", "wet")
    return conditions[Stream(habit.seed, "condition", number).choose((0.55, 0.25, 0.20))]


def _truth(master: Master, pressed: Pressed) -> Truth:
    turns = np.floor(-pressed.angle * (65536.0 / (2.0 * math.pi)) + 0.5)
    return Truth(
        x=pressed.x.astype(np.float32),
        y=pressed.y.astype(np.float32),
        direction=(turns.astype(np.int64) & 0xFFFF).astype(np.uint16),
        kind=np.where(master.is_ending, MinutiaKind.ENDING, MinutiaKind.BIFURCATION).astype(np.uint8),
        visible=pressed.visible,
        certain=master.certain.copy(),
    )


_LOOPS: Final = {True: Pattern.RIGHT_LOOP, False: Pattern.LEFT_LOOP}

# Share of loops toward the little finger, loops toward the thumb, whorls, double loops, arches and
# tented arches by finger, 1 the thumb .. 5 the little finger: more whorls on thumbs and ring fingers,
# more arches and loops toward the thumb on index fingers, as textbooks say; the figures are ours.
_SHARES: Final[Mapping[int, tuple[float, ...]]] = {
    1: (0.50, 0.01, 0.33, 0.12, 0.03, 0.01),
    2: (0.38, 0.18, 0.26, 0.05, 0.07, 0.06),
    3: (0.72, 0.02, 0.14, 0.04, 0.05, 0.03),
    4: (0.54, 0.01, 0.38, 0.04, 0.02, 0.01),
    5: (0.82, 0.01, 0.11, 0.03, 0.02, 0.01),
}


def person(seed: int) -> dict[FingerPosition, Finger]:
    """The ten fingers of one person.

    They share the breadth of their ridges, how dry and how creased the skin is, and its condition on
    each occasion; loops mostly open toward the little finger.
    """
    stream = Stream(seed, "person")
    habit = Habit(
        seed=derive(seed, "habit"),
        period_offset_px=stream.normal(0.0, 0.4),
        dryness=stream.normal(0.0, 0.05),
        crease_tendency=stream.uniform(0.6, 1.4),
    )
    positions = [position for position in FingerPosition if position is not FingerPosition.UNKNOWN]
    return {
        position: Finger(
            derive(seed, "finger of a person", int(position)),
            _pattern_at(seed, position),
            habit=habit,
            position=position,
        )
        for position in positions
    }


def _pattern_at(seed: int, position: FingerPosition) -> Pattern:
    is_right = position <= FingerPosition.RIGHT_LITTLE
    number = int(position) if is_right else int(position) - 5
    drawn = Stream(seed, "pattern", int(position)).choose(_SHARES[number])
    # On a print, the little finger of the right hand lies to the right.
    if drawn == 0:
        return _LOOPS[is_right]
    if drawn == 1:
        return _LOOPS[not is_right]
    return (Pattern.WHORL, Pattern.DOUBLE_LOOP, Pattern.ARCH, Pattern.TENTED_ARCH)[drawn - 2]
