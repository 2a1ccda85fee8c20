"""The benchmark of growth: what was measured is kept, drawn whole, and put between its marks alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from benchmarks import scale_page
from benchmarks.scale_plot import LABELS, draw_growth, draw_scores
from benchmarks.scale_results import CHIMERAS, REAL, SYNTHETIC, Distribution, Gallery, Results, Searches
from benchmarks.search_decoys import SYNTHETIC_MEANS, SyntheticSource

from musterpoint.comparison import COMPARATOR_VERSION, bare_minutiae
from musterpoint.synthetic import population


def _gallery(size: int, decoys: str = CHIMERAS, probes: tuple[str, ...] = (REAL, SYNTHETIC)) -> Gallery:
    each = Searches(
        probes=REAL,
        searches=400,
        mates=2800,
        listed=0.995,
        first=0.99,
        first_hundred=0.98,
        strong_enough=0.95,
        with_decoy=1,
        filter_ms=size / 20_000,
        whole_ms=size / 600,
    )
    return Gallery(
        decoys=decoys,
        size=size,
        searches=tuple(replace(each, probes=name) for name in probes),
        filter_bytes=3000.0,
        other_bytes=300.0,
        load_s=size / 50_000,
        load_processor_s=size / 60_000,
        machine_load=1.0,
        comparator=COMPARATOR_VERSION,
        measured="2026-01-02",
        took_s=60,
    )


def _distribution(name: str, *, mated: bool = False) -> Distribution:
    return Distribution(
        name=name, mated=mated, pairs=1000, nats=(-2.0, 0.0, 2.0, 4.0), reached=(100, 10, 1, 0)
    )


@pytest.fixture
def results(tmp_path: Path) -> Results:
    made = Results.read(tmp_path / "scale.json")
    for size in (10_000, 100_000):
        made.keep_gallery(_gallery(size))
    made.keep_gallery(_gallery(10_000, SYNTHETIC))
    made.keep_scores([_distribution("real fingers, across sets"), _distribution("real mates", mated=True)])
    return made


def test_what_was_measured_is_there_after_an_interruption_and_is_not_measured_again(results: Results) -> None:
    again = Results.read(results.path)

    assert (again.galleries, again.scores) == (results.galleries, results.scores)
    assert again.has(CHIMERAS, 10_000, {REAL, SYNTHETIC})
    assert not again.has(CHIMERAS, 31_623, {REAL})
    again.keep_gallery(_gallery(31_623, probes=(REAL,)))
    assert not again.has(CHIMERAS, 31_623, {REAL, SYNTHETIC}), "another kind of probes is still due"
    again.keep_gallery(replace(_gallery(31_623), comparator="0.1"))
    assert not again.has(CHIMERAS, 31_623, {REAL}), "another comparator has other scores"
    assert [one.size for one in again.of_kind(CHIMERAS)] == [10_000, 31_623, 100_000]


def test_pictures_are_whole_and_name_what_they_show(results: Results) -> None:
    growth = ElementTree.fromstring(draw_growth(results))
    words = [text for text in growth.itertext() if text.strip()]
    assert [label for label in LABELS if label in words] == list(LABELS)
    assert {"10,000", "1,000,000", "Whole search, milliseconds", "Memory, bytes a finger"} <= set(words)
    circles = growth.findall("{http://www.w3.org/2000/svg}circle")
    # Three galleries with two kinds of probes in four panels, and once each in two.
    assert len(circles) == 4 * 6 + 2 * 3
    inside = [0 <= float(one.attrib["cy"]) <= float(growth.attrib["height"]) for one in circles]
    assert all(inside)

    scores = ElementTree.fromstring(draw_scores(results))
    assert any("real mates, 1,000" in text for text in scores.itertext())


def test_nothing_measured_yet_is_drawn_too(tmp_path: Path) -> None:
    nothing = Results.read(tmp_path / "none.json")
    for drawn in (draw_growth(nothing), draw_scores(nothing)):
        ElementTree.fromstring(drawn)
    assert scale_page.table(nothing).count("\n") == 1


def test_the_section_takes_its_place_and_no_other(
    results: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "images").mkdir()
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{scale_page.BEGIN}\nold\n{scale_page.END}\nafter\n")
    monkeypatch.setattr(scale_page, "DOCS", tmp_path)
    monkeypatch.setattr(scale_page, "PAGE", page)

    for _ in range(2):
        scale_page.write(results)

    text = page.read_text()
    assert text.startswith(f"before\n{scale_page.BEGIN}\n")
    assert text.endswith(f"\n{scale_page.END}\nafter\n")
    assert "old" not in text
    assert "| 100,000 | chimeras | real | 2,800 | 98.00 % | 99.50 % | 99.00 % |" in text
    assert (tmp_path / scale_page.GROWTH).exists()


def test_the_page_of_the_project_has_a_place_for_it() -> None:
    text = scale_page.PAGE.read_text(encoding="utf-8")
    assert text.count(scale_page.BEGIN) == text.count(scale_page.END) == 1


def test_a_rows_width_is_that_of_the_head(results: Results) -> None:
    rows = scale_page.table(results).splitlines()
    assert {row.count("|") for row in rows} == {rows[0].count("|")}


def test_synthetic_decoys_are_the_population_wherever_a_segment_begins() -> None:
    source = SyntheticSource()
    some = source.made(1, 700, 5)
    fingers = list(population(90_000, 5, first=700))
    assert [some.offsets[k + 1] - some.offsets[k] for k in range(5)] == [
        len(bare_minutiae(one)) for one in fingers
    ]
    assert np.array_equal(some.minutiae[: some.offsets[1]], bare_minutiae(fingers[0]))
    assert some.parents[:, 0].tolist() == [k % SYNTHETIC_MEANS for k in range(700, 705)]
