"""How pages are made of templates; `page.html` is what pages for a screen begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Environment

_OURS: Final = "musterpoint.depiction"


def page_environment(package: str = _OURS) -> Environment:
    """Templates whose values are escaped and have to be there; to be kept by whoever makes pages often.

    package  where they lie; they may extend those that lie here
    """
    # Loaded here, not with the package: most commands never make a page.
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader([PackageLoader(one, ".") for one in dict.fromkeys((package, _OURS))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
