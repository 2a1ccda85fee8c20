"""The page of everything that is held on one person: opens from a stick, without network and scripts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Template as PageTemplate


def render_person(answer: Mapping[str, Any]) -> str:
    """The page of an answer, see `docs/reference/exchange.md`; images are named beside it."""
    return _page().render(answer=answer)


@cache
def _page() -> PageTemplate:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("musterpoint.depiction", ".")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("person.html")
