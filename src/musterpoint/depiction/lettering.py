"""Text in pictures, in the scalable typeface that comes inside of Pillow."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache

from PIL import ImageDraw, ImageFont

from musterpoint.depiction.palette import INK, PAPER, Colour

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_BEYOND_ASCII = "·…°\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
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

    It has ASCII and a few signs; accents are dropped, and what remains unknown becomes "?".
    """
    return "".join(_printable_characters(character) for character in text)


def _printable_characters(character: str) -> str:
    if character in _REPLACEMENTS:
        return _REPLACEMENTS[character]
    if character.isspace():
        return " "
    if character in _BEYOND_ASCII or (character.isascii() and character.isprintable()):
        return character
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain if plain.strip() and plain.isprintable() else "?"


def width_of(text: str, size_px: int) -> float:
    """How wide one line of text is, in pixels."""
    return font(size_px).getlength(printable(text))


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
    draw.text(at_px, printable(text), font=font(size_px), fill=colour, anchor="lm")


def write_label(draw: ImageDraw.ImageDraw, at_px: tuple[float, float], text: str, colour: Colour) -> None:
    """A few characters centred at `at_px` on a light rim, readable on ridges."""
    draw.text(
        at_px, printable(text), font=font(11), fill=colour, anchor="mm", stroke_width=2, stroke_fill=PAPER
    )
