"""A gallery in memory: who is found, and in how many people it was searched."""

from __future__ import annotations

import pytest
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, fingers_of

from musterpoint.gallery import Gallery
from musterpoint.templates import FingerPosition, Template

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
    assert empty.search([_template(1)]) == empty.search([])
    assert empty.search([_template(1)]).people == 0


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
