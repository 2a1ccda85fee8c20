"""Compiled loops against plain twins, and against what they promise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from musterpoint.synthetic import kernels, kernels_flow, kernels_ridges, kernels_skin
from musterpoint.synthetic.masters import Form, Pattern, grow_master

ROOT = Path(__file__).parents[2]
KEYS = st.integers(0, 2**64 - 1)

EVERY_KERNEL = """
import numba
from musterpoint.synthetic import Finger, cloth, population

assert numba.config.BOUNDSCHECK
finger = Finger(5)
finger.impression(0)
finger.impression(1, grade="poor", sensor="capacitive", condition="dry", size_px=(97, 301))
finger.smudged(2)
cloth(3)
for template in population(1, 20, grade="poor"):
    pass
print("within bounds")
"""


def test_all_accesses_stay_within_bounds(tmp_path: Path) -> None:
    # A cache of its own: Numba does not tell code with checks from code without.
    environment = os.environ | {
        "NUMBA_BOUNDSCHECK": "1",
        "MUSTERPOINT_CACHE": str(tmp_path),
        "PYTHONPATH": str(ROOT / "src"),
    }

    child = subprocess.run(
        [sys.executable, "-c", EVERY_KERNEL], env=environment, capture_output=True, text=True, check=False
    )

    assert child.stdout == "within bounds\n", child.stderr


@given(key=KEYS, lattice_px=st.floats(2.0, 60.0))
@settings(max_examples=20, deadline=None)
def test_noise_of_a_larger_field_continues_that_of_a_smaller_one(key: int, lattice_px: float) -> None:
    small, large = np.zeros((40, 30), np.float32), np.zeros((70, 90), np.float32)

    kernels.add_noise(small, np.uint64(key), lattice_px, 1.0)
    kernels.add_noise(large, np.uint64(key), lattice_px, 1.0)

    assert np.array_equal(large[:40, :30], small)


def test_noise_has_the_asked_deviation_and_smoothness() -> None:
    field = np.zeros((600, 600), np.float32)

    kernels.add_noise(field, np.uint64(3), 6.0, 0.25)

    assert abs(field.std() - 0.25) < 0.02
    assert abs(field.mean()) < 0.02
    # A cubic spline hardly changes from one pixel to the next, and forgets after four lattice steps.
    assert np.abs(np.diff(field, axis=0)).mean() < 0.06
    assert abs((field[:-30] * field[30:]).mean()) < 0.01


@given(key=KEYS, side=st.integers(1, 4), reach=st.integers(0, 6))
@settings(max_examples=25, deadline=None)
def test_blur_agrees_with_its_twin(key: int, side: int, reach: int) -> None:
    field = np.zeros((7 * side, 5 * side), np.float32)
    kernels.add_noise(field, np.uint64(key), 2.0, 1.0)
    weights = np.linspace(1.0, 0.1, reach + 1).astype(np.float32)

    for along_rows in (True, False):
        out = np.empty_like(field)
        kernels_skin.blur(field, out, weights, along_rows)
        axis = 1 if along_rows else 0
        padded = np.pad(field, [(reach, reach) if k == axis else (0, 0) for k in range(2)], mode="edge")
        both = np.concatenate((weights[:0:-1], weights))
        expected = np.apply_along_axis(np.convolve, axis, padded, both, "valid")
        assert np.allclose(out, expected, atol=1e-5)


def test_growing_agrees_with_its_twin() -> None:
    random = np.random.default_rng(11)
    shape = (18, 21)
    pattern = random.integers(-128, 128, shape).astype(np.int16)
    orientation = random.integers(0, 128, shape).astype(np.uint8)
    period = random.integers(0, 24, shape).astype(np.uint8)
    rounds = random.integers(0, 4, shape).astype(np.uint8)
    bank = random.integers(-300, 300, (24 * 128, 240)).astype(np.int16)
    bank.reshape(-1, 15, 16)[:, :, 15] = 0
    table = np.arange(-512, 512, dtype=np.int16) // 2
    expected = _grow_plainly(pattern, orientation, period, rounds, bank, table)

    kernels_ridges.grow(pattern, orientation, period, rounds, bank, table)

    assert np.array_equal(pattern, expected)


def _grow_plainly(
    pattern: npt.NDArray[np.int16],
    orientation: npt.NDArray[np.uint8],
    period: npt.NDArray[np.uint8],
    rounds: npt.NDArray[np.uint8],
    bank: npt.NDArray[np.int16],
    table: npt.NDArray[np.int16],
) -> npt.NDArray[np.int64]:
    old = pattern.astype(np.int64)
    for t in range(int(rounds.max())):
        padded = np.pad(old, 7)
        new = old.copy()
        for i, j in np.argwhere(rounds > t):
            kernel = bank[int(period[i, j]) * 128 + int(orientation[i, j])].reshape(15, 16)[:, :15]
            answer = int((padded[i : i + 15, j : j + 15] * kernel.astype(np.int64)).sum())
            new[i, j] = table[min(1023, max(0, (answer >> 12) + 512))]
        old = new
    return old


def test_kernels_answer_their_own_wave_and_no_constant() -> None:
    bank = np.zeros((24 * 128, 240), np.int16)
    kernels_ridges.build_bank(bank, 15, 2.0, 0.70, False)
    y, x = np.mgrid[-7:8, -7:8]

    for number, orientation in ((0, 0), (7, 40), (15, 64), (23, 127)):
        angle = (orientation + 0.5) * np.pi / 128
        period = 3.2 * (12.4 / 6.4) ** (number / 23)
        wave = np.cos(2 * np.pi * (y * np.cos(angle) - x * np.sin(angle)) / period)
        kernel = bank[number * 128 + orientation].reshape(15, 16)
        assert not kernel[:, 15].any()
        assert abs((kernel[:, :15] * wave).sum() - 4096) < 40
        assert abs(int(kernel.sum())) < 60


@given(key=KEYS, x=st.floats(60.0, 360.0), y=st.floats(60.0, 480.0))
@settings(max_examples=60, deadline=None)
def test_a_placed_point_lies_where_the_skin_is_seen(key: int, x: float, y: float) -> None:
    warp = np.empty(16)
    kernels_skin.draw_warp(
        np.uint64(key), np.array([0.2, 34.0, 0.05, 5.0, 6.0, 0.1]), 400.0, 500.0, 208.0, 240.0, warp
    )
    points = np.array([[x, y]])

    kernels_skin.place(warp, points)

    assert np.allclose(kernels_skin._on_skin(warp, *points[0]), (x, y), atol=0.05)


def test_stretched_skin_follows_diverging_ridges() -> None:
    # Ridges that fan out from the left: the period must grow along them.
    y, x = np.mgrid[:272, :208].astype(np.float64)
    stretched = np.empty((68, 52))

    kernels_flow.stretch(np.arctan2(y - 136.0, x + 150.0), stretched)

    assert stretched[34, 40] > stretched[34, 10] + 0.01


def test_a_single_dislocation_is_found_where_it_lies() -> None:
    # cos and sin of a phase that gains one turn around the centre, over level ridges 10 px apart.
    y, x = np.mgrid[:60, :80].astype(np.float64)
    for turn in (1.0, -1.0):
        phase = 2 * np.pi * (y - 29.3) / 10.0 + turn * np.arctan2(y - 29.3, x - 40.6)
        even = np.rint(1e6 * np.cos(phase)).astype(np.int32)
        odd = np.rint(-1e6 * np.sin(phase)).astype(np.int32)
        bins = np.zeros((30, 40), np.uint8)
        out = np.empty((20, 4))

        count = kernels_ridges.vortices(even, odd, bins, np.full_like(bins, 15), out)

        assert count == 1
        assert np.allclose(out[0, :2], (40.6, 29.3), atol=0.5)
        # One more ridge to the right for a positive turn, to the left for a negative one.
        assert np.cos(out[0, 2]) * turn > 0.99


def test_more_ridges_lie_ahead_of_a_minutia_than_behind() -> None:
    form = Form.draw(3, Pattern.ARCH, 0.0)
    master = grow_master(5, form)
    gains = []
    for x, y, angle in zip(master.x, master.y, master.angle, strict=True):
        counts = [_ridges_across(master.ridges, x, y, angle, ahead) for ahead in (7.0, -7.0)]
        if min(counts) > 0:
            gains.append(counts[0] - counts[1])

    assert len(gains) > 30
    # Close neighbours add and take ridges of their own, but hardly ever two.
    assert np.mean(np.array(gains) == 1) > 0.6
    assert np.mean(np.array(gains) < 0) < 0.05


def _ridges_across(ridges: npt.NDArray[np.float32], x: float, y: float, angle: float, ahead: float) -> int:
    # Along an arc from valley to valley: how often the skin rises through the middle.
    steps = np.arange(-14.0, 14.1, 0.25)
    column = np.rint(x + ahead * np.cos(angle) - steps * np.sin(angle)).astype(int)
    row = np.rint(y + ahead * np.sin(angle) + steps * np.cos(angle)).astype(int)
    if column.min() < 0 or row.min() < 0 or column.max() >= 416 or row.max() >= 544:
        return 0
    profile = ridges[row, column]
    return int(((profile[:-1] <= 0) & (profile[1:] > 0)).sum()) if (profile != 0).all() else 0
