"""Colours of the pictures: told apart without colour vision, and calm beside one another."""

from __future__ import annotations

from typing import Final

Colour = tuple[int, int, int]
"""Red, green and blue, each 0..255."""

PAPER: Final[Colour] = (255, 255, 255)
INK: Final[Colour] = (31, 36, 42)
QUIET_INK: Final[Colour] = (95, 102, 110)
OUTLINE: Final[Colour] = (203, 208, 213)
UNPAIRED: Final[Colour] = (88, 94, 101)

# Okabe and Ito, "Color universal design" (2008): vermilion and blue keep apart in every kind of
# colour vision; both are darkened a little so that a thin ring stays clear on grey ridges.
ENDING: Final[Colour] = (196, 74, 0)
BIFURCATION: Final[Colour] = (0, 92, 160)
OTHER_KIND: Final[Colour] = (70, 70, 70)

# After the "muted" scheme of Paul Tol's notes on colour schemes, without its two light colours,
# ordered so that neighbours differ in lightness as well as in hue.
PAIRS: Final[tuple[Colour, ...]] = (
    (51, 34, 136),
    (204, 102, 119),
    (17, 119, 51),
    (170, 68, 153),
    (68, 119, 170),
    (136, 34, 85),
    (44, 140, 125),
    (140, 130, 30),
)
