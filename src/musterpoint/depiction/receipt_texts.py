"""The fixed sentences of a receipt in several languages, from `receipt_texts.json`.

English was written first; the other languages were not reviewed by people who speak them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptTexts:
    """What a receipt says in one language; `{entry}` and `{log}` in `proof` are filled in.

    language   ISO 639-1
    direction  `ltr` or `rtl`
    """

    language: str
    direction: str
    title: str
    lead: str
    silence: str
    code: str
    when: str
    purpose: str
    agreement: str
    kept_until: str
    no_date: str
    appeal: str
    show: str
    proof: str
    practice: str


def _loaded() -> Mapping[str, ReceiptTexts]:
    text = files("musterpoint.depiction").joinpath("receipt_texts.json").read_text(encoding="utf-8")
    return MappingProxyType(
        {language: ReceiptTexts(language=language, **texts) for language, texts in json.loads(text).items()}
    )


RECEIPT_TEXTS: Final = _loaded()
"""By the language's code."""
