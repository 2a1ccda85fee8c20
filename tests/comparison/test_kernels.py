"""Each kernel does what the plain form of the same step does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.comparison import naive
from tests.comparison.impressions import degenerate, finger, impression, template_of

from musterpoint.comparison import Prepared, prepare
from musterpoint.comparison import kernels as entry
from musterpoint.comparison import kernels_assignment as assigning
from musterpoint.comparison import kernels_refinement as refining
from musterpoint.comparison import kernels_similarity as similar
from musterpoint.comparison import kernels_support as supporting
from musterpoint.comparison.kernels_workspace import Workspace, new_workspace

seeds = st.integers(0, 10_000)
places = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=20)


def raster_of(prepared: Prepared) -> npt.NDArray[np.bool_]:
    columns = np.arange(128)
    return (columns >= prepared.coverage[:, :1]) & (columns < prepared.coverage[:, 1:])


def bits_of(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    return (words[:, :, None] >> np.arange(64, dtype=np.uint64) & np.uint64(1)).astype(np.bool_)


def loaded(a: Prepared, b: Prepared) -> tuple[Workspace, npt.NDArray[np.float32]]:
    workspace = new_workspace()
    entry.load(a.points, workspace.a)
    entry.load(b.points, workspace.b)
    assigning.index_bands(workspace.b, workspace.bands)
    similar.similarities(
        a.neighbours,
        a.cells,
        b.neighbours,
        b.cells,
        workspace.alike,
    )
    return workspace, workspace.alike.similarity[: len(a), : len(b)].copy()


@given(places)
@settings(max_examples=60, deadline=None)
def test_coverage_is_the_widened_hull(xy: list[tuple[int, int]]) -> None:
    prepared = prepare(template_of([(x, y, 0, 200) for x, y in xy]))

    assert np.array_equal(raster_of(prepared), naive.covered(prepared.points))


@pytest.mark.parametrize("name", ["one", "two", "one place", "one line", "one column", "grid"])
def test_coverage_of_degenerate_templates_is_the_widened_hull(name: str) -> None:
    prepared = prepare(degenerate()[name])

    assert np.array_equal(raster_of(prepared), naive.covered(prepared.points))


@pytest.mark.parametrize("seed", range(4))
def test_descriptors_hold_the_neighbours(seed: int) -> None:
    prepared = prepare(finger(seed))

    sharp, dilated, occupied, visible = naive.describe(prepared.points, raster_of(prepared))

    n = len(prepared)
    assert np.array_equal(bits_of(prepared.neighbours[:, :16]).reshape(n, 64, 16), sharp)
    assert np.array_equal(bits_of(prepared.neighbours[:, 16:]).reshape(n, 64, 16), dilated)
    assert np.array_equal(bits_of(prepared.cells), np.stack((occupied, visible), axis=1))


def test_similarity_counts_neighbours_found_both_ways() -> None:
    a, b = prepare(finger(3)), prepare(impression(3, 1))

    _, similarity = loaded(a, b)

    described = [naive.describe(one.points, raster_of(one)) for one in (a, b)]
    assert np.array_equal(similarity, naive.similarities(*described))


@given(seeds, seeds)
@settings(max_examples=25, deadline=None)
def test_the_most_similar_pairs_are_kept(seed: int, other: int) -> None:
    workspace, similarity = loaded(prepare(finger(seed, 30)), prepare(finger(other, 40)))

    count = similar.most_similar(workspace.a, workspace.b, workspace.alike, workspace.pairs)

    steps = np.minimum((512 * similarity).astype(int), 1024)
    order = sorted(np.ndindex(*steps.shape), key=lambda ij: (-steps[ij], ij))[:64]
    kept = zip(workspace.pairs.i[:count], workspace.pairs.j[:count], strict=True)
    assert [(int(i), int(j)) for i, j in kept] == sorted(order)


@pytest.mark.parametrize("seed", range(3))
def test_support_is_what_the_other_pairs_say(seed: int) -> None:
    a, b = prepare(finger(seed, 30)), prepare(impression(seed, 2, 30))
    workspace, similarity = loaded(a, b)
    pairs = workspace.pairs
    count = similar.most_similar(workspace.a, workspace.b, workspace.alike, pairs)

    supporting.support(pairs, count)

    kept = [(int(i), int(j)) for i, j in zip(pairs.i[:count], pairs.j[:count], strict=True)]
    expected = naive.supports(kept, a.points, b.points, similarity)
    assert max(expected) > 0.5
    assert np.allclose(pairs.support[:count], expected, atol=1e-4)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_assignment_takes_the_cheapest_pairs_first(seed: int) -> None:
    a, b = prepare(finger(seed)), prepare(finger(seed + 1))
    workspace, similarity = loaded(a, b)
    reach = np.full(96, 24, np.float32)

    listed = assigning.find_candidates(
        workspace.a,
        workspace.b,
        workspace.a.x,
        workspace.a.y,
        reach,
        9,
        28,
        workspace.alike.similarity,
        workspace.bands,
        workspace.candidates,
    )
    matched = assigning.assign(workspace.a, workspace.b, workspace.candidates, listed)

    moved = a.points[:, :2].astype(np.float32)
    expected = naive.assignment(moved, a.points[:, 2] + 9, b.points, similarity, 24.0)
    partner = workspace.a.partner[: len(a)]
    assert {i: int(j) for i, j in enumerate(partner) if j >= 0} == expected
    assert matched == len(expected)
    assert all(workspace.b.partner[j] == i for i, j in expected.items())


@given(seeds)
@settings(max_examples=30, deadline=None)
def test_displacement_leaves_a_minutias_own_pair_out(seed: int) -> None:
    a, b = prepare(finger(seed)), prepare(impression(seed, 1))
    workspace, _ = loaded(a, b)
    n = min(len(a), len(b))
    workspace.a.partner[: len(a)] = [i if i % 3 == 0 and i < n else -1 for i in range(len(a))]

    count = refining.list_matched(workspace.a, workspace.b, workspace.a.x, workspace.a.y, workspace.matched)
    none = np.uint64(0)
    refining.displace(
        len(a), workspace.a.x, workspace.a.y, workspace.matched, count, none, workspace.ex, workspace.ey
    )

    xy = a.points[:, :2].astype(float)
    misses = {i: b.points[i, :2] - xy[i] for i in range(0, n, 3)}
    expected = xy + naive.displacements(xy, misses)
    # The kernel reads exp(-d) from a table in steps of 1/32.
    tolerance = 0.02 * max(np.abs(miss).max() for miss in misses.values())
    assert count == len(misses)
    assert np.allclose(workspace.ex[: len(a)], expected[:, 0], atol=tolerance)
    assert np.allclose(workspace.ey[: len(a)], expected[:, 1], atol=tolerance)


@given(st.integers(0, 255), st.integers(-300, 300), st.integers(-300, 300))
@settings(deadline=None)
def test_a_rigid_fit_finds_the_motion_that_was_made(rotation: int, dx: int, dy: int) -> None:
    points = prepare(finger(5)).points[:40, :2].astype(float)
    angle = 2 * np.pi * rotation / 256
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    workspace = new_workspace()
    workspace.places[:2, :40] = points.T
    workspace.places[2:4, :40] = (points @ turn.T + (dx, dy)).T
    workspace.places[4, :40] = np.linspace(0.1, 1, 40)

    assert supporting.fit_rigid(workspace.places, 40, workspace.motion) == rotation
