"""Text in pictures, in the scalable typeface that comes inside of Pillow."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby

from PIL import ImageDraw, ImageFont

from musterpoint.depiction.palette import INK, PAPER, Colour

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_BEYOND_ASCII = "·…°\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
_RAISED = {"²": "2", "³": "3"}
"""The typeface has no raised digits: an ordinary one is drawn smaller and higher."""

_RAISED_SIZE = 0.7
_RAISED_BY = 0.3
_REPLACEMENTS = {
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
    "\N{MINUS SIGN}": "-",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{GREATER-THAN OR EQUAL TO}": ">=",
    "\N{LESS-THAN OR EQUAL TO}": "<=",
    "ß": "ss",
}


@cache
def font(size_px: int) -> Font:
    """Pillow's built-in typeface; no font file is shipped or looked for."""
    return ImageFont.load_default(size_px)


def printable(text: str) -> str:
    """The text with what the built-in typeface can show.

    It has ASCII and a few signs, and raised digits are drawn; accents are dropped, and what remains unknown
    becomes "?".
    """
    return "".join(_printable_characters(character) for character in text)


def _printable_characters(character: str) -> str:
    if character in _REPLACEMENTS:
        return _REPLACEMENTS[character]
    if character.isspace():
        return " "
    if character in _BEYOND_ASCII or character in _RAISED:
        return character
    if character.isascii() and character.isprintable():
        return character
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if plain.strip() and plain.isprintable() else "?"


def width_of(text: str, size_px: int) -> float:
    """How wide one line of text is, in pixels."""
    return sum(font(size).getlength(part) for part, size, _ in _parts(printable(text), size_px))


def _parts(text: str, size_px: int) -> Iterator[tuple[str, int, float]]:
    """The text in parts of one size each: text, its size, and by how much it is raised, in pixels."""
    for is_raised, characters in groupby(text, key=lambda one: one in _RAISED):
        part = "".join(_RAISED.get(one, one) for one in characters)
        yield (part, round(size_px * _RAISED_SIZE), size_px * _RAISED_BY) if is_raised else (part, size_px, 0)


def wrapped(texts: Sequence[str], size_px: int, width_px: int) -> tuple[str, ...]:
    """Lines no wider than `width_px`, each text beginning a new one; longer words are cut."""
    lines: list[str] = []
    for text in texts:
        line = ""
        for word in printable(text).split():
            longer = f"{line} {word}" if line else word
            if width_of(longer, size_px) <= width_px:
                line = longer
                continue
            if line:
                lines.append(line)
            line = _cut(word, size_px, width_px)
        lines.append(line)
    return tuple(lines)


def _cut(word: str, size_px: int, width_px: int) -> str:
    if width_of(word, size_px) <= width_px:
        return word
    while word and width_of(word + "…", size_px) > width_px:
        word = word[: -max(1, len(word) // 16)]
    return word + "…"


def write(
    draw: ImageDraw.ImageDraw, at_px: tuple[float, float], text: str, size_px: int, colour: Colour = INK
) -> None:
    """One line of text, its left middle at `at_px`."""
    x, y = at_px
    for part, size, up_px in _parts(printable(text), size_px):
        draw.text((x, y - up_px), part, font=font(size), fill=colour, anchor="lm")
        x += font(size).getlength(part)


def write_label(draw: ImageDraw.ImageDraw, at_px: tuple[float, float], text: str, colour: Colour) -> None:
    """A few characters, none of them raised, centred at `at_px` on a light rim, readable on ridges."""
    draw.text(
        at_px, printable(text), font=font(11), fill=colour, anchor="mm", stroke_width=2, stroke_fill=PAPER
    )
