"""What an adjudicator sees of a pair: all fingers in common, and of a known answer what others would show."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, fingers_of

from musterpoint import templates
from musterpoint.registry.known_answers import Impression, KnownAnswer, Likeness
from musterpoint.templates import FingerPosition
from musterpoint.workflows.shown_pairs import in_common, in_likeness, laid_out, likeness_of

UNKNOWN, THUMB = FingerPosition.UNKNOWN, FingerPosition.RIGHT_THUMB


@cache
def _impression(seed: int, number: int, of: FingerPosition = RIGHT_INDEX) -> Impression:
    pressed = fingers_of(seed)[of].impression(number)
    return Impression(position=of, template=templates.encode(pressed.template()), image=b"picture")


def _named(one: Impression, name: FingerPosition) -> Impression:
    return replace(one, position=name)


def test_a_finger_that_is_another_one_is_shown_as_well() -> None:
    """The left one is of the same person, the right one is not: both are seen."""
    probe = (_impression(1, 2, RIGHT_INDEX), _impression(1, 2, LEFT_INDEX))
    candidate = (_impression(1, 1, LEFT_INDEX), _impression(2, 1, RIGHT_INDEX))

    shown = laid_out(in_common(probe, candidate), is_turned=False)

    assert [one.position for one in shown] == [RIGHT_INDEX, LEFT_INDEX]
    assert [(one.left, one.right) for one in shown] == [
        (probe[0], candidate[1]),
        (probe[1], candidate[0]),
    ]


def test_turned_the_candidate_is_on_the_left() -> None:
    fingers = in_common((_impression(1, 2),), (_impression(1, 1),))

    [straight], [turned] = (laid_out(fingers, is_turned=one) for one in (False, True))

    assert (straight.left, straight.right) == (turned.right, turned.left)


def test_swapped_hands_lie_finger_by_finger() -> None:
    probe = (_impression(1, 2, RIGHT_INDEX), _impression(1, 2, LEFT_INDEX))
    swapped = (
        _named(_impression(1, 1, RIGHT_INDEX), LEFT_INDEX),
        _named(_impression(1, 1, LEFT_INDEX), RIGHT_INDEX),
    )

    assert in_common(probe, swapped) == ((probe[0], swapped[0]), (probe[1], swapped[1]))


def test_of_two_impressions_the_two_most_alike_are_shown() -> None:
    probe = (_impression(2, 1), _impression(1, 2))
    candidate = (_impression(1, 1),)

    assert in_common(probe, candidate) == ((probe[1], candidate[0]),)


def test_where_no_finger_is_in_common_there_is_something_to_look_at() -> None:
    probe, candidate = (_named(_impression(1, 1), THUMB),), (_impression(2, 1),)

    assert in_common(probe, candidate) == ((probe[0], candidate[0]),)
    assert in_common((), candidate) == ()


_NAMES = st.lists(st.sampled_from([UNKNOWN, THUMB, RIGHT_INDEX, LEFT_INDEX]), min_size=1, max_size=4)


@given(real=_NAMES, has_images=st.tuples(st.booleans(), st.booleans()), seed=_NAMES)
@settings(max_examples=60)
def test_a_known_answer_looks_like_the_pair_in_whose_place_it_stands(
    real: list[FingerPosition], has_images: tuple[bool, bool], seed: list[FingerPosition]
) -> None:
    images = [b"picture" if one else None for one in has_images]
    pair = tuple((_kept(name, 1, images[0]), _kept(name, 2, images[1])) for name in real)
    known = KnownAnswer(
        is_mated=True,
        probe=tuple(_kept(name, number, b"picture") for number, name in enumerate(seed)),
        candidate=tuple(_kept(name, number + 9, b"picture") for number, name in enumerate(seed)),
        source="synthetic",
    )

    likeness = likeness_of(pair)
    found = in_likeness(known, Likeness.of_facts(likeness.as_facts()))

    count = min(len(real), len(seed))
    assert [one.position for one, _ in found] == real[:count]
    assert [(one.image, other.image) for one, other in found] == [tuple(images)] * count
    numbers = [(one.template[0], other.template[0] - 9) for one, other in found]
    assert all(one == other for one, other in numbers), "each finger beside its own"
    assert len(set(numbers)) == count


def _kept(name: FingerPosition, number: int, image: bytes | None) -> Impression:
    return Impression(position=name, template=bytes([number]), image=image)
