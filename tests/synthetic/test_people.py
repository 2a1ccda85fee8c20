"""Ten fingers of one person: different fingers, one skin."""

from __future__ import annotations

import numpy as np

from musterpoint.synthetic import Finger, Pattern, person
from musterpoint.templates import FingerPosition


def test_a_person_has_ten_different_fingers() -> None:
    fingers = person(1)

    assert list(fingers) == [p for p in FingerPosition if p is not FingerPosition.UNKNOWN]
    assert len({finger.seed for finger in fingers.values()}) == 10
    pictures = [finger.impression(0).image.pixels for finger in fingers.values()]
    for k, one in enumerate(pictures):
        for other in pictures[k + 1 :]:
            assert (one != other).mean() > 0.1


def test_other_people_have_other_fingers() -> None:
    seeds = [finger.seed for seed in range(20) for finger in person(seed).values()]

    assert len(set(seeds)) == 200


def test_a_template_names_its_finger() -> None:
    finger = person(1)[FingerPosition.LEFT_RING]

    assert finger.impression(0).template().position is FingerPosition.LEFT_RING


def test_loops_open_toward_the_little_finger() -> None:
    right, left = np.zeros(6, int), np.zeros(6, int)
    for seed in range(150):
        for position, finger in person(seed).items():
            (right if position <= FingerPosition.RIGHT_LITTLE else left)[finger.pattern] += 1

    assert right[Pattern.RIGHT_LOOP] > 8 * right[Pattern.LEFT_LOOP] > 0
    assert left[Pattern.LEFT_LOOP] > 8 * left[Pattern.RIGHT_LOOP] > 0


def test_thumbs_and_ring_fingers_have_more_whorls_than_little_fingers() -> None:
    people = [person(seed) for seed in range(150)]

    def whorls(position: FingerPosition) -> int:
        return sum(fingers[position].pattern in (Pattern.WHORL, Pattern.DOUBLE_LOOP) for fingers in people)

    for many in (FingerPosition.RIGHT_THUMB, FingerPosition.LEFT_RING):
        assert whorls(many) > 1.5 * whorls(FingerPosition.RIGHT_LITTLE)


def test_skin_is_alike_on_one_occasion_and_changes_between_them() -> None:
    some = list(person(3).values())[::4]

    conditions = [[finger.impression(k, size_px=(64, 64)).condition for finger in some] for k in range(12)]

    assert all(len(set(occasion)) == 1 for occasion in conditions)
    assert len({occasion[0] for occasion in conditions}) > 1


def test_ridges_are_alike_broad_within_a_person() -> None:
    # The offset of a person adds to each finger's own; single fingers have none.
    periods = np.array([[finger._form.values[5] for finger in person(seed).values()] for seed in range(60)])

    between, within = periods.mean(axis=1).std(), periods.std(axis=1).mean()
    assert between > 0.3
    assert within > between


def test_seeds_beyond_64_bits_are_their_lowest_bits() -> None:
    assert Finger(2**64 + 5)._key == Finger(5)._key
    assert Finger(-1)._key == Finger(2**64 - 1)._key
