"""The kernels do what a few slow lines do."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from musterpoint import _compiled

kernels = _compiled.load("musterpoint.extraction.kernels")
ridges = _compiled.load("musterpoint.extraction.kernels_ridges")

F32 = npt.NDArray[np.float32]
seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, height=st.integers(1, 9), width=st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_blur_interleaves_the_phases_and_weighs_five_by_five_pixels(
    seed: int, height: int, width: int
) -> None:
    phases = np.random.default_rng(seed).random((4, height, width), dtype=np.float32)
    blurred = np.empty((2 * height, 2 * width), np.float32)
    kernels.blur(phases, blurred)

    full = np.zeros((2 * height + 4, 2 * width + 4))
    for channel in range(4):
        full[2 + channel // 2 : -2 : 2, 2 + channel % 2 : -2 : 2] = phases[channel]
    weights = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    windows = np.lib.stride_tricks.sliding_window_view(full, (5, 5))
    assert np.allclose(blurred, (windows * weights).sum((2, 3)), atol=1e-6)


@given(seed=seeds, levels=st.integers(1, 6), threshold=st.floats(0.1, 1))
@settings(max_examples=60, deadline=None)
def test_peaks_are_the_largest_of_their_window_and_ties_all_count(
    seed: int, levels: int, threshold: float
) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.integers(0, levels + 1, (19, 23)) / levels).astype(np.float32)
    box = np.array([2, 3, 17, 21], dtype=np.int64)
    ys, xs = np.empty(values.size, np.int32), np.empty(values.size, np.int32)
    found = np.empty(values.size, np.float32)
    count = kernels.peaks(values, np.float32(threshold), box, ys, xs, found)

    expected = [
        (y, x)
        for y in range(2, 17)
        for x in range(3, 21)
        if values[y, x] >= np.float32(threshold)
        and values[y, x] == values[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4].max()
    ]
    assert list(zip(ys[:count].tolist(), xs[:count].tolist(), strict=True)) == expected
    assert np.array_equal(found[:count], values[ys[:count], xs[:count]])


@given(seed=seeds, height=st.integers(1, 12), width=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_patches_are_zero_and_masked_outside_of_the_map(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.random((height, width, 3), dtype=np.float32) + 1
    ys = rng.integers(0, 2 * height, 5).astype(np.int32)
    xs = rng.integers(0, 2 * width, 5).astype(np.int32)
    patches, mask = np.empty((5, 9, 9, 3), np.float32), np.empty((5, 1, 3, 3), np.float32)
    kernels.cut_patches(features, ys, xs, patches, mask)

    padded = np.pad(features, ((4, 4), (4, 4), (0, 0)))
    inside = np.pad(np.ones((height, width), np.float32), 1)
    for i, (y, x) in enumerate(zip(ys // 2, xs // 2, strict=True)):
        assert np.array_equal(patches[i], padded[y : y + 9, x : x + 9])
        assert np.array_equal(mask[i, 0], inside[y : y + 3, x : x + 3])


@given(seed=seeds, density=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_parts_are_connected_and_apart(seed: int, density: float) -> None:
    mask = np.random.default_rng(seed).random((9, 11)) < density
    labels = np.zeros(mask.shape, np.int32)
    count = ridges.label(mask, labels)

    assert np.array_equal(labels > 0, mask)
    assert set(labels[mask].tolist()) == set(range(1, count + 1))
    assert count == len(_parts(mask))
    for part in _parts(mask):
        assert len({int(labels[place]) for place in part}) == 1


def _parts(mask: npt.NDArray[np.bool_]) -> list[set[tuple[int, int]]]:
    parts: list[set[tuple[int, int]]] = []
    for y, x in zip(*np.nonzero(mask), strict=True):
        place = (int(y), int(x))
        touching = [
            part for part in parts if any(max(abs(place[0] - a), abs(place[1] - b)) <= 1 for a, b in part)
        ]
        parts = [part for part in parts if part not in touching]
        parts.append(set().union({place}, *touching))
    return parts


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_gradients_sum_central_differences_of_each_block(seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (37, 50)).astype(np.uint8)
    sums = np.empty((2, 3, 6), np.float32)
    ridges.gradients(pixels, sums)

    grey = pixels.astype(np.float64)
    dx, dy = np.zeros_like(grey), np.zeros_like(grey)
    dx[1:-1, 1:-1] = (grey[1:-1, 2:] - grey[1:-1, :-2]) / 2
    dy[1:-1, 1:-1] = (grey[2:, 1:-1] - grey[:-2, 1:-1]) / 2
    inner = np.zeros_like(grey)
    inner[1:-1, 1:-1] = 1
    planes = (dx * dx, dy * dy, dx * dy, grey * inner, grey * grey * inner, inner)
    expected = [plane[:32, :48].reshape(2, 16, 3, 16).sum((1, 3)) for plane in planes]
    assert np.allclose(sums, np.stack(expected, axis=-1), rtol=1e-5)
