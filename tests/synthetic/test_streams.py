"""Random numbers by counter: the same everywhere, and apart for each purpose."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.synthetic import kernels
from musterpoint.synthetic.streams import Stream, derive

KEYS = st.integers(0, 2**64 - 1)


def test_numbers_never_change() -> None:
    stream = Stream(7, "a purpose")

    numbers = [stream.uniform(), stream.normal(), stream.below(1000), stream.choose((1.0, 2.0, 1.0))]

    assert numbers == [0.4097416620258527, 0.36363636363636365, 339, 1]


@given(seed=KEYS, n=st.integers(0, 50))
def test_compiled_and_interpreted_streams_agree(seed: int, n: int) -> None:
    key = np.uint64(derive(seed, "twin"))
    uniform, normal = Stream(seed, "twin"), Stream(seed, "twin")

    uniforms = [uniform.uniform() for _ in range(n + 1)]
    normals = [normal.normal() for _ in range(n + 1)]

    assert kernels.uniform(key, np.uint64(n)) == uniforms[n]
    assert kernels.normal(key, np.uint64(n)) == normals[n]


@given(seed=KEYS, number=st.integers(0, 2**64 - 1))
def test_each_purpose_and_number_has_its_own_stream(seed: int, number: int) -> None:
    keys = {
        derive(seed, "one"),
        derive(seed, "two"),
        derive(seed, "one", number),
        derive(seed, "two", number),
    }

    assert len(keys) == 4


def test_uniform_numbers_are_spread_evenly() -> None:
    stream = Stream(1, "spread")

    numbers = np.array([stream.uniform(2.0, 5.0) for _ in range(20_000)])

    counts, _ = np.histogram(numbers, bins=20, range=(2.0, 5.0))
    assert counts.sum() == 20_000
    assert abs(counts - 1000).max() < 150


def test_normal_numbers_have_mean_nothing_and_deviation_one() -> None:
    stream = Stream(1, "bell")

    numbers = np.array([stream.normal() for _ in range(20_000)])

    assert abs(numbers.mean()) < 0.03
    assert abs(numbers.std() - 1.0) < 0.03
    # A bell, not a box: within one deviation lie 68 %.
    assert abs((np.abs(numbers) < 1.0).mean() - 0.683) < 0.02


def test_choice_follows_the_weights() -> None:
    stream = Stream(1, "choice")

    counts = np.bincount([stream.choose((0.1, 0.0, 0.6, 0.3)) for _ in range(5000)], minlength=4)

    assert counts[1] == 0
    assert np.allclose(counts / 5000, (0.1, 0.0, 0.6, 0.3), atol=0.03)


def test_last_weight_is_chosen_when_rounding_leaves_a_rest() -> None:
    assert Stream(1, "rest").choose((0.0, 0.0)) == 1
