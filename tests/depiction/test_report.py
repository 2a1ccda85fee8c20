"""The one-page report of a demonstration."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from tests.depiction.impressions import even, is_coloured, pixels_of, ridges, template

from musterpoint.depiction import (
    DEMONSTRATION_LIMITS,
    ComparisonSection,
    DemonstrationReport,
    ReportFigure,
    ReportPicture,
    ReportRow,
    draw_comparison,
    draw_thumbnail,
    render_report,
    to_png,
)
from musterpoint.templates import MinutiaKind

HOSTILE = """<script>alert("1")</script>'"><img src=x onerror=alert(1)>&amp;{{ 7*7 }}"""
ANSWERS = ("known", "not known", "being decided", "cannot tell", "refused")


class Page(HTMLParser):
    """Elements, attributes and text of a page."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._is_style = False
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._is_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if not self._is_style:
            self.text += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def picture() -> ReportPicture:
    return ReportPicture.of(draw_thumbnail(ridges()), "Upright ridges")


def row(answer: str = "not known", text: str = "words") -> ReportRow:
    return ReportRow(
        person=f"Person {text}",
        shown=f"shown {text}",
        answer=answer,
        why=f"why {text}",
        meaning=f"meaning {text}",
        thumbnails=(picture(),),
    )


def report(text: str = "words") -> DemonstrationReport:
    return DemonstrationReport(
        title=f"title {text}",
        headline=f"headline {text}",
        rows=(row(text=text), row(text="second")),
        comparison=ComparisonSection(picture=picture(), words=(f"sentence {text}",)),
        figures=(ReportFigure(value=f"42 {text}", words=f"people {text}"),),
        limits=(f"limit {text}",),
        made_with=f"made with {text}",
    )


def test_page_says_all_that_the_report_holds() -> None:
    page = Page(render_report(report()))
    for text in (
        "title",
        "headline",
        "Person",
        "shown",
        "why",
        "meaning",
        "sentence",
        "42",
        "people",
        "limit",
    ):
        assert f"{text} words" in page.text
    assert "made with words" in page.text
    assert "Person second" in page.text
    assert len(page.named("img")) == 3


def test_hostile_text_stays_text() -> None:
    page = Page(render_report(report(HOSTILE)))
    assert page.text.count(HOSTILE) == 12  # the title stands twice
    assert len(page.named("img")) == 3
    assert not page.named("script")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_hostile_alternative_text_and_answer_stay_text() -> None:
    hostile = replace(picture(), alternative=HOSTILE)
    shown = replace(row(answer=HOSTILE), thumbnails=(hostile,))
    page = Page(render_report(replace(report(), rows=(shown,))))
    assert HOSTILE in page.text
    assert HOSTILE in [attributes["alt"] for attributes in page.named("img")]
    assert not page.named("script")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_page_runs_nothing_and_fetches_nothing() -> None:
    source = render_report(report())
    page = Page(source)
    forbidden = {"script", "link", "iframe", "object", "embed", "form", "base", "audio", "video", "a"}
    assert not forbidden & {tag for tag, _ in page.elements}
    for _, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "background"):
            assert (attributes.get(name) or "data:image/png;base64,").startswith("data:image/png;base64,")
    without_pictures = re.sub(r"data:image/png;base64,[\w+/=]+", "", source)
    assert not re.search(r"https?:|//|@import|url\(|javascript", without_pictures)
    policies = [meta["content"] for meta in page.named("meta") if "http-equiv" in meta]
    assert policies[0] is not None
    assert policies[0].startswith("default-src 'none'; img-src data:")


def test_pictures_are_embedded_with_size_and_words() -> None:
    for attributes in Page(render_report(report())).named("img"):
        address = attributes["src"]
        assert address is not None
        decoded = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))
        assert (attributes["width"], attributes["height"]) == tuple(str(side) for side in decoded.size)
        assert attributes["alt"] == "Upright ridges"


def test_answers_are_told_apart_by_words_and_signs_not_by_colour_alone() -> None:
    source = render_report(replace(report(), rows=tuple(row(answer) for answer in ANSWERS)))
    body = source[source.index("<tbody>") : source.index("</tbody>")]
    signs = re.findall(r'aria-hidden="true">(.)</span>([^<]+)</span>', body)
    assert [answer for _, answer in signs] == list(ANSWERS)
    assert len({sign for sign, _ in signs}) == len(ANSWERS)


def test_decided_answer_stands_behind_what_was_answered_at_once() -> None:
    decided = replace(row("known"), at_once="being decided: case 7")
    source = render_report(replace(report(), rows=(decided,)))
    body = source[source.index("<tbody>") : source.index("</tbody>")]
    assert re.findall(r'class="answer ([^"]+)"', body) == ["being-decided", "known"]
    assert "being decided: case 7" in body


def test_empty_report_has_no_empty_sections() -> None:
    bare = DemonstrationReport(title="t", headline="h", rows=(), limits=())
    page = Page(render_report(bare))
    assert "Nobody came" in page.text
    for heading in ("One comparison", "The numbers", "does not show"):
        assert heading not in page.text
    assert not page.named("img")


def test_limits_are_told_unless_others_are_given() -> None:
    page = Page(render_report(DemonstrationReport(title="t", headline="h", rows=())))
    for sentence in DEMONSTRATION_LIMITS:
        assert sentence in page.text


def test_page_serves_phones_dark_screens_and_paper() -> None:
    source = render_report(report())
    assert 'name="viewport" content="width=device-width' in source
    for condition in ("prefers-color-scheme: dark", "max-width", "print"):
        assert re.search(rf"@media [^{{]*{condition}", source)


def test_page_template_is_loaded_only_when_a_page_is_made() -> None:
    program = "import sys, musterpoint.depiction; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_small_files_keep_white_white_and_the_inks_apart() -> None:
    marks = [(20 + 12 * (i % 10), 20 + 18 * (i // 10), 700 * i, MinutiaKind.ENDING, 255) for i in range(80)]
    shown = template(*marks)
    pairs = np.stack([np.arange(40), np.arange(40)], axis=1).astype(np.int32)
    drawn = draw_comparison(ridges(), shown, ridges(), shown, pairs)
    kept = Image.open(io.BytesIO(to_png(drawn)))
    before, after = pixels_of(drawn), pixels_of(kept)
    assert (after[0, 0] == 255).all()
    assert np.abs(before - after).max(axis=2).mean() < 3
    coloured = is_coloured(before)
    assert np.abs(before - after)[coloured].mean() < 8


@pytest.mark.parametrize(("width_px", "height_px"), [(64, 64), (388, 374), (1414, 1414)])
def test_thumbnails_are_small_and_keep_their_shape(width_px: int, height_px: int) -> None:
    thumbnail = draw_thumbnail(even(99, width_px, height_px), side_px=100)
    assert max(thumbnail.size) <= 100
    assert thumbnail.width / thumbnail.height == pytest.approx(width_px / height_px, rel=0.03)
