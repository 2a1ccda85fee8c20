"""What a synthetic finger promises: it never changes, and its truth lies in its pictures."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from tests.synthetic.golden import digest

from musterpoint.synthetic import Condition, Finger, Grade, Pattern, SyntheticImpression, Truth
from musterpoint.templates import MinutiaKind

ROOT = Path(__file__).parents[2]
F64 = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def impressions() -> list[SyntheticImpression]:
    """Two good impressions of each of eight fingers."""
    fingers = [Finger(600 + k) for k in range(8)]
    return [finger.impression(number, condition="normal") for finger in fingers for number in range(2)]


def test_other_processes_and_threads_make_the_same_pictures() -> None:
    program = (
        "from musterpoint.synthetic import Finger\n"
        "from tests.synthetic.golden import digest\n"
        "print(*[digest(Finger(k).impression(k, grade='fair').image.pixels) for k in range(3)])"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}

    child = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    shared = [Finger(k) for k in range(3)] * 2
    with ThreadPoolExecutor(4) as pool:
        pixels = list(pool.map(lambda f: f.impression(f.seed, grade="fair").image.pixels, shared))

    assert child.stdout.split() == [digest(one) for one in pixels[:3]]
    assert child.stdout.split() == [digest(one) for one in pixels[3:]]


def test_the_order_of_impressions_does_not_matter() -> None:
    finger, other = Finger(1), Finger(1)

    forward = [finger.impression(number).image.pixels for number in (0, 1)]
    backward = [other.impression(number).image.pixels for number in (1, 0)]

    assert np.array_equal(forward[0], backward[1])
    assert np.array_equal(forward[1], backward[0])


def test_another_seed_pattern_number_grade_or_sensor_is_another_picture() -> None:
    pictures = [
        Finger(1).impression(0),
        Finger(2).impression(0),
        Finger(1, Pattern.WHORL).impression(0),
        Finger(1, Pattern.ARCH).impression(0),
        Finger(1).impression(1),
        Finger(1).impression(0, grade="fair"),
        Finger(1).impression(0, sensor="capacitive", size_px=(400, 500)),
    ]

    for k, one in enumerate(pictures):
        for other in pictures[k + 1 :]:
            assert (one.image.pixels != other.image.pixels).mean() > 0.1


def test_the_asked_pattern_is_drawn() -> None:
    assert [Finger(9, pattern).pattern for pattern in Pattern] == list(Pattern)


def test_patterns_are_as_frequent_as_in_nature() -> None:
    counts = np.bincount([Finger(seed).pattern for seed in range(3000)], minlength=6)

    assert np.allclose(counts / 3000, (0.338, 0.317, 0.225, 0.054, 0.037, 0.029), atol=0.03)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"grade": "excellent"}, "good, fair, poor"),
        ({"sensor": "thermal"}, "optical, capacitive"),
        ({"condition": "dirty"}, "normal, dry, wet"),
        ({"size_px": (400, 20)}, "sides must lie in"),
    ],
)
def test_what_does_not_exist_is_refused(asked: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Finger(1).impression(0, **asked)  # type: ignore[arg-type]


def test_pictures_have_the_size_of_their_sensor() -> None:
    finger = Finger(3)

    assert finger.impression(0).image.pixels.shape == (500, 400)
    assert finger.impression(0, sensor="capacitive").image.pixels.shape == (300, 300)
    assert finger.impression(0, size_px=(388, 374)).image.pixels.shape == (374, 388)
    assert finger.impression(0).image.source.ppi == 500


def test_wet_skin_prints_darker_than_dry_skin() -> None:
    conditions: tuple[Condition, ...] = ("dry", "normal", "wet")

    means = [
        np.mean([Finger(k).impression(0, condition=condition).image.pixels.mean() for k in range(5)])
        for condition in conditions
    ]

    assert means[0] > means[1] + 3 > means[2] + 6


def test_grades_show_fewer_minutiae_from_good_to_poor() -> None:
    grades: tuple[Grade, ...] = ("good", "poor")

    seen = [sum(Finger(k).impression(1, grade=g).truth.visible.sum() for k in range(12)) for g in grades]

    assert seen[0] > seen[1]


def test_ridges_end_and_fork_where_the_truth_says(impressions: list[SyntheticImpression]) -> None:
    # Into the ridge of an ending it is darker than behind it; into the valley of a fork it is lighter.
    for kind, sign in ((MinutiaKind.ENDING, 1.0), (MinutiaKind.BIFURCATION, -1.0)):
        gains: list[float] = []
        for one in impressions:
            truth = one.truth
            seen = truth.visible & truth.certain & (truth.kind == kind)
            ahead, behind = _grey_beside(one, seen, 6.0), _grey_beside(one, seen, -6.0)
            gains.extend(sign * (behind - ahead))
        assert len(gains) > 150
        assert np.median(gains) > 50.0
        assert np.mean(np.array(gains) > 0.0) > 0.75


def test_a_turned_direction_does_not_fit_the_pixels(impressions: list[SyntheticImpression]) -> None:
    # The measure of the test above must be able to fail: across the ridges it sees nothing.
    one = impressions[0]
    endings = one.truth.visible & (one.truth.kind == MinutiaKind.ENDING)

    left, right = _grey_beside(one, endings, 6.0, 16384), _grey_beside(one, endings, -6.0, 16384)

    assert abs(np.median(left - right)) < 50.0


def _grey_beside(
    impression: SyntheticImpression, chosen: npt.NDArray[np.bool_], distance_px: float, turn: int = 0
) -> F64:
    truth = impression.truth
    angle = (truth.direction[chosen].astype(int) + turn) * (2 * np.pi / 65536)
    x = np.rint(truth.x[chosen] + distance_px * np.cos(angle)).astype(int)
    y = np.rint(truth.y[chosen] - distance_px * np.sin(angle)).astype(int)
    pixels = impression.image.pixels.astype(float)
    patch = [pixels[y + dy, x + dx] for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    grey: F64 = np.mean(patch, axis=0)
    return grey


def test_impressions_of_a_finger_share_its_minutiae(impressions: list[SyntheticImpression]) -> None:
    for one, other in zip(impressions[::2], impressions[1::2], strict=True):
        both = one.truth.visible & other.truth.visible & one.truth.certain

        assert both.sum() > 10
        assert np.array_equal(one.truth.kind, other.truth.kind)
        rest, turned = _after_alignment(one.truth, other.truth, both)
        # What remains is plastic skin.
        assert np.median(rest) < 5.0
        assert np.median(turned) < 6.0


def test_impressions_of_other_fingers_do_not(impressions: list[SyntheticImpression]) -> None:
    one, other = impressions[0].truth, impressions[2].truth
    count = min(len(one), len(other))
    chosen = np.zeros(count, bool)
    chosen[: count // 2] = True

    rest, _ = _after_alignment(one, other, chosen)

    assert np.median(rest) > 20.0


def _after_alignment(one: Truth, other: Truth, chosen: npt.NDArray[np.bool_]) -> tuple[F64, F64]:
    # Least squares rotation and shift between corresponding points, as complex numbers.
    count = len(chosen)
    a = (one.x[:count] + 1j * one.y[:count])[chosen]
    b = (other.x[:count] + 1j * other.y[:count])[chosen]
    a0, b0 = a - a.mean(), b - b.mean()
    turn = np.vdot(a0, b0) / abs(np.vdot(a0, b0))
    directions = (other.direction[:count].astype(int) - one.direction[:count].astype(int))[chosen]
    turned = np.degrees(np.angle(np.exp(2j * np.pi * directions / 65536) * turn))
    return np.abs(b0 - turn * a0), np.abs(turned)


def test_the_template_holds_what_can_be_seen(impressions: list[SyntheticImpression]) -> None:
    for one in impressions:
        template, truth = one.template(), one.truth
        height_px, width_px = one.image.pixels.shape

        assert 15 <= len(template.minutiae) <= 90
        assert len(template.minutiae) == truth.visible.sum()
        assert (template.width_px, template.height_px) == (width_px, height_px)
        assert template.minutiae.x.max() < width_px
        assert template.minutiae.y.max() < height_px
        assert np.array_equal(template.minutiae.direction, truth.direction[truth.visible])
        assert set(template.minutiae.quality) <= {128, 255}


def test_visible_minutiae_lie_among_ridges(impressions: list[SyntheticImpression]) -> None:
    for one in impressions:
        pixels = one.image.pixels
        seen = one.truth.visible
        for x, y in zip(
            np.rint(one.truth.x[seen]).astype(int), np.rint(one.truth.y[seen]).astype(int), strict=True
        ):
            patch = pixels[y - 6 : y + 7, x - 6 : x + 7]
            assert patch.shape == (13, 13)
            assert np.ptp(patch) > 60


def test_certain_minutiae_keep_their_distance(impressions: list[SyntheticImpression]) -> None:
    truth = impressions[0].truth
    points = truth.x + 1j * truth.y
    distance = np.abs(points[:, None] - points[None, :])
    np.fill_diagonal(distance, np.inf)

    # Nine pixels on the skin may be a little less where it is compressed.
    assert distance.min(axis=1)[truth.certain].min() > 7.5
    assert 0.6 < truth.certain.mean() < 1.0


def test_truth_and_pictures_cannot_be_changed(impressions: list[SyntheticImpression]) -> None:
    one = impressions[0]

    with pytest.raises(ValueError, match="read-only"):
        one.truth.x[0] = 0.0
    with pytest.raises(ValueError, match="read-only"):
        one.image.pixels[0, 0] = 0


def test_a_smudge_shows_streaks_and_no_minutiae() -> None:
    clear, smudged = Finger(4).impression(0, condition="wet"), Finger(4).smudged(0)

    def along_and_across(one: SyntheticImpression) -> tuple[float, float]:
        pixels = one.image.pixels.astype(float)
        return np.abs(np.diff(pixels, axis=1)).mean(), np.abs(np.diff(pixels, axis=0)).mean()

    assert not smudged.truth.visible.any()
    assert len(smudged.template().minutiae) == 0
    assert smudged.image.pixels.mean() < 245
    assert along_and_across(smudged)[0] < 0.5 * along_and_across(clear)[0]
