"""The one-page report of a demonstration: HTML that needs nothing beside itself."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from PIL import Image

from musterpoint.depiction.encoding import to_png
from musterpoint.depiction.pages import page_environment

if TYPE_CHECKING:
    from jinja2 import Template as PageTemplate

DEMONSTRATION_LIMITS: Final = (
    "The fingers were drawn by a program and belong to nobody. How often real people would be confused, "
    "or missed, cannot be learnt from them.",
    "Only a few people were in the registry. The more people are searched, the more of them look similar "
    "by chance, and the more cases people have to decide.",
    "No sensor took part. Dirt, cold, age and hard work make real impressions worse than any drawn one.",
    "Nobody tried to deceive the sensor, and nothing here would notice a false finger.",
    "The answers are about fingers that were seen before, not about who somebody is or what somebody did.",
)
"""What any demonstration with synthetic fingers cannot show."""

_TEMPLATE: Final = "report.html"
_SIGNS: Final = {"known": "●", "not known": "○", "being decided": "◐", "cannot tell": "?"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPicture:
    """A picture that is embedded in the page.

    png            encoded bytes
    alternative    what it shows, for those who cannot see it
    """

    png: bytes
    width_px: int
    height_px: int
    alternative: str

    @classmethod
    def of(cls, picture: Image.Image, alternative: str) -> ReportPicture:
        """A drawn picture with what it shows in words."""
        return cls(
            png=to_png(picture), width_px=picture.width, height_px=picture.height, alternative=alternative
        )

    @property
    def address(self) -> str:
        """The picture as a `data:` address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """What happened to one person.

    person   how the page calls them, such as "Person 3"
    shown    what was shown at the gate
    answer   known, not known, being decided, cannot tell, or the outcome where there was no search;
             more may follow after a colon, such as the number of the case
    why      the reason of the answer
    meaning  what follows for the person
    at_once  what was answered first, where people's decision made `answer` of it; else empty
    decision cleared, denied, referred or open, and by whom or why; may be empty
    """

    person: str
    shown: str
    answer: str
    why: str
    meaning: str
    at_once: str = ""
    decision: str = ""
    thumbnails: tuple[ReportPicture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFigure:
    """One number with what it counts."""

    value: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonSection:
    """The comparison that is shown large, with the sentences that go with it."""

    picture: ReportPicture
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DemonstrationReport:
    """All that the page says.

    headline   one sentence: what was done
    figures    the numbers: people in the gallery, searches, time
    checks     what anybody can check afterwards, as sentences
    limits     what the demonstration does not show
    made_with  name and version of what made it, and the seed, as the last line
    """

    title: str
    headline: str
    rows: tuple[ReportRow, ...]
    comparison: ComparisonSection | None = None
    figures: tuple[ReportFigure, ...] = ()
    checks: tuple[str, ...] = ()
    limits: tuple[str, ...] = DEMONSTRATION_LIMITS
    made_with: str = ""


def render_report(report: DemonstrationReport) -> str:
    """The page as HTML with its pictures inside; it runs nothing and fetches nothing."""
    return _template().render(report=report)


@cache
def _template() -> PageTemplate:
    environment = page_environment()
    environment.filters["sign"] = _sign
    environment.filters["slug"] = _slug
    return environment.get_template(_TEMPLATE)


def _sign(answer: str) -> str:
    """A sign that tells the answers apart without colour."""
    return _SIGNS.get(_kind(answer), "\N{EN DASH}")


def _slug(answer: str) -> str:
    """The name of an answer's style; answers that are not foreseen share one."""
    kind = _kind(answer)
    return kind.replace(" ", "-") if kind in _SIGNS else "other"


def _kind(answer: str) -> str:
    return answer.partition(":")[0].strip()
