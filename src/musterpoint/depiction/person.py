"""The page of everything that is held on one person: opens from a stick, without network and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from musterpoint.depiction.pages import page_environment

if TYPE_CHECKING:
    from jinja2 import Template as PageTemplate


def render_person(answer: Mapping[str, Any]) -> str:
    """The page of an answer, see `docs/reference/exchange.md`; images are named beside it."""
    return _page().render(answer=answer)


@cache
def _page() -> PageTemplate:
    return page_environment().get_template("person.html")
