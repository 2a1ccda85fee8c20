"""The receipt of a person: a page of the size of a hand, for paper and for a phone."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from musterpoint.depiction.pages import page_environment
from musterpoint.depiction.receipt_texts import RECEIPT_TEXTS

if TYPE_CHECKING:
    from jinja2 import Template as PageTemplate

SQUARE_BYTES_MAX: Final = 1500
"""More in the square makes its dots smaller than a cheap printer and a phone can show and read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptPage:
    """What stands on a receipt; nothing of it says who the person is.

    code        groups of digits, which name the visit
    kept_until  a day; empty where none is set
    entry       number of the log's entry that counts the person, from 1
    proof       bytes of the proof file (C2SP tlog-proof)
    square      what the square code holds
    """

    code: str
    day: str
    place: str
    purpose: str
    agreement: str
    kept_until: str
    appeal_to: str
    log: str
    entry: int
    proof: bytes
    square: bytes
    is_practice: bool = False


def render_receipt(page: ReceiptPage, languages: Sequence[str] = ("en",)) -> str:
    """The page as HTML that needs nothing beside itself, one sheet for each language."""
    return _template().render(
        page=page,
        sheets=[RECEIPT_TEXTS[language] for language in languages],
        square=_square(page.square),
        proof=base64.b64encode(page.proof).decode(),
    )


def _square(data: bytes) -> str:
    import segno

    # Byte mode and the lowest correction: the paper is new when it is read, and dots stay large.
    code = segno.make(data, mode="byte", error="l", micro=False, boost_error=False)
    out = io.BytesIO()
    code.save(out, kind="svg", xmldecl=False, svgns=True, nl=False, border=2, omitsize=True, svgclass=None)
    return out.getvalue().decode()


@cache
def _template() -> PageTemplate:
    return page_environment().get_template("receipt.html")
