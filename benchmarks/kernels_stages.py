"""The comparison up to one of its stages, for the benchmark that says what each costs."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

from numba import njit

from musterpoint.comparison.kernels import comes_second, load, match_hypotheses, refine, sum_hypothesis
from musterpoint.comparison.kernels_assignment import index_bands
from musterpoint.comparison.kernels_similarity import most_similar, similarities
from musterpoint.comparison.kernels_support import support
from musterpoint.comparison.kernels_workspace import new_workspace

STAGES = ("load", "similarities", "most similar", "support", "first matching", "refinement", "sums")
LOAD, SIMILARITIES, MOST_SIMILAR, SUPPORT, MATCHING, REFINEMENT, SUMS = range(len(STAGES))
REFINED = 3


@njit(nogil=True, cache=True)
def compare_up_to(stage, w, one, other):
    """Everything up to a stage, and that stage; the score itself is what the whole comparison has more."""
    points_a, neighbours_a, cells_a, coverage_a = one
    points_b, neighbours_b, cells_b, coverage_b = other
    load(points_a, w.a)
    load(points_b, w.b)
    index_bands(w.b, w.bands)
    if stage == LOAD:
        return
    similarities(neighbours_a, cells_a, neighbours_b, cells_b, w.alike)
    if stage == SIMILARITIES:
        return
    count = most_similar(w.a, w.b, w.alike, w.pairs)
    if stage == MOST_SIMILAR:
        return
    support(w.pairs, count)
    if stage == SUPPORT:
        return
    found = match_hypotheses(w, count)
    if stage == MATCHING:
        return
    for _ in range(min(found, REFINED)):
        hypothesis = w.ranks[:found].argmax()
        w.ranks[hypothesis] = -1.0
        rotation = refine(w, hypothesis)
        if rotation >= 0 and stage == SUMS:
            sum_hypothesis(w, coverage_a, coverage_b, rotation)


@njit(nogil=True, cache=True)
def compare_rows_up_to(stage, probe, pack, rows):
    """One probe against rows of a pack, up to a stage.

    probe  points, neighbours, cells, coverage
    pack   the same of all references end to end, and where each begins
    """
    w = new_workspace()
    all_points, all_neighbours, all_cells, coverages, offsets = pack
    for row in rows:
        begin, end = offsets[row], offsets[row + 1]
        reference = (
            all_points[begin:end],
            all_neighbours[begin:end],
            all_cells[begin:end],
            coverages[row],
        )
        if comes_second(probe[0], reference[0]):
            compare_up_to(stage, w, reference, probe)
        else:
            compare_up_to(stage, w, probe, reference)
