"""A gallery in memory: who is found, and in how many people it was searched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, fingers_of

from musterpoint.errors import NotCapturable, TargetUnsupported, TooManyFingers
from musterpoint.gallery import Gallery
from musterpoint.gallery.gallery import Candidate
from musterpoint.templates import FingerPosition, Minutiae, Template

PEOPLE = range(1, 13)


def _template(seed: int, position: FingerPosition = RIGHT_INDEX, number: int = 1) -> Template:
    return fingers_of(seed)[position].impression(number).template()


def _gallery(threads: int | None = None) -> Gallery[int]:
    gallery: Gallery[int] = Gallery(threads=threads)
    for seed in PEOPLE:
        gallery.add(seed, _template(seed))
        gallery.add(seed, _template(seed, LEFT_INDEX))
    return gallery


def test_every_person_is_found_by_another_impression_and_nobody_else() -> None:
    gallery = _gallery()
    for seed in PEOPLE:
        result = gallery.search([_template(seed, number=2)])
        assert [candidate.person for candidate in result.candidates] == [seed]


def test_two_fingers_are_stronger_than_one() -> None:
    gallery = _gallery()
    [one] = gallery.search([_template(3, number=2)]).candidates
    [two] = gallery.search([_template(3, number=2), _template(3, LEFT_INDEX, 2)]).candidates
    assert two.strength > one.strength
    assert {(pair.probe, pair.reference) for pair in two.pairs} == {(0, 0), (1, 1)}


def test_strangers_are_not_found() -> None:
    gallery = _gallery()
    for seed in range(100, 110):
        assert gallery.search([_template(seed)]).candidates == ()


def test_the_number_of_threads_changes_nothing() -> None:
    probe = [_template(5, number=3)]
    assert _gallery(1).search(probe, target_fpir=1.0) == _gallery(3).search(probe, target_fpir=1.0)


def test_what_was_searched_is_always_said() -> None:
    gallery = _gallery()
    empty: Gallery[int] = Gallery()

    searched = gallery.search([_template(1, FingerPosition.LEFT_THUMB)])
    assert (searched.people, searched.references, searched.people_comparable) == (12, 24, 0)
    assert empty.search([_template(1)]).candidates == ()
    assert empty.search([_template(1)]).people == 0


def test_a_search_that_could_find_nobody_is_refused() -> None:
    gallery = _gallery()
    nothing = replace(_template(1), minutiae=Minutiae.empty())
    for probe in ([], [nothing], [nothing, nothing]):
        with pytest.raises(NotCapturable, match="says nothing"):
            gallery.search(probe)
    with pytest.raises(TooManyFingers):
        gallery.search([_template(1)] * 255)
    with pytest.raises(TargetUnsupported, match="1e-300"):
        gallery.search([_template(1)], target_fpir=1e-300)
    wrong: list[dict[str, Any]] = [{"limit": 0}, {"limit": -1}, {"people": 0}, {"target_fpir": 0.0}]
    for options in wrong:
        with pytest.raises(ValueError, match=r"\d"):
            gallery.search([_template(1)], **options)


def test_somebody_who_is_removed_while_others_search_is_no_candidate_any_more() -> None:
    gallery: Gallery[int] = Gallery()
    for seed in PEOPLE:
        gallery.add(seed, _template(seed))
    probe, is_over = [_template(PEOPLE[0], number=2)], Event()
    found: list[Candidate[int]] = []

    def search() -> None:
        while not is_over.is_set():
            found.extend(gallery.search(probe).candidates)

    with ThreadPoolExecutor(2) as pool:
        searching = [pool.submit(search) for _ in range(2)]
        for _ in range(150):
            gallery.remove(PEOPLE[0])
            gallery.add(PEOPLE[0], _template(PEOPLE[0]))
        is_over.set()
        for one in searching:
            one.result()
    assert {one.person for one in found} <= {PEOPLE[0]}


def test_a_larger_gallery_asks_for_more() -> None:
    gallery = _gallery()
    [found] = gallery.search([_template(2, number=2)]).candidates
    [among_more] = gallery.search([_template(2, number=2)], people=12_000).candidates
    assert among_more.strength == found.strength
    assert among_more.expected_false_positives == pytest.approx(1000 * found.expected_false_positives)


def test_what_is_no_template_is_refused_and_leaves_the_gallery_as_it_was() -> None:
    gallery = _gallery()
    for wrong in (None, [_template(1)], fingers_of(1)[RIGHT_INDEX].impression(1).image):
        with pytest.raises(TypeError, match="Template"):
            gallery.add(99, wrong)  # type: ignore[arg-type]  # what a caller without types may do
    assert len(gallery) == len(PEOPLE)
    assert [found.person for found in gallery.search([_template(1, number=2)]).candidates] == [1]
