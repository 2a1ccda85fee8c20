"""What is known of a comparison in plain sentences, never as a probability that it is somebody.

How likely it is that two impressions come from one person depends on what else is known of that
person, which is not the machine's business. What it can say is how often people who are *not* the
same would look this similar.
"""

from __future__ import annotations

import math
from typing import Final

_SMALLEST: Final = 1e-6
"""Fewer expected people than this are only said to be fewer."""

_SMALLEST_RATE: Final = 1e-5
"""A lower rate of one comparison is only said to be lower: measured pairs support no more."""

_BANDS: Final = (
    (1.0, "So much similarity is common among different people and says little."),
    (0.1, "So much similarity between different people is not rare."),
    (0.01, "So much similarity between different people is uncommon."),
    (0.0001, "So much similarity between different people is rare."),
    (0.0, "So much similarity between different people is very rare."),
)

NO_PROBABILITY: Final = "This is not the probability that it is the same person. People decide that."
"""Stands wherever a similarity is told in numbers."""


def describe_strength(expected_false_positives: float, people: int) -> str:
    """How often chance alone gives this similarity, for a search among `people`.

    expected_false_positives  how many of `people` who are not this person would look at least this
                              similar, on average; 0 or more
    people                    people who were searched; 0 or more
    Raises ValueError for a number that is negative or not finite.

    >>> describe_strength(0.3, 1000).split(". ")[0]
    'Among 1,000 people who are not this person, about 0.3 would look this similar'
    """
    if not (math.isfinite(expected_false_positives) and expected_false_positives >= 0):
        raise ValueError(f"{expected_false_positives} expected false positives, must be 0 or more")
    if people < 0:
        raise ValueError(f"{people} people, must be 0 or more")
    if people == 0:
        return "Nobody else was searched, so nothing can be said of how rare this similarity is."
    others = "1 person who is" if people == 1 else f"{people:,} people who are"
    expected = min(expected_false_positives, people)  # an upper bound may exceed what is possible
    rarity = _rarity(expected)
    band = next(words for bound, words in _BANDS if expected >= bound)
    return f"Among {others} not this person, {rarity}. {band}"


def _rarity(expected: float) -> str:
    if expected < _SMALLEST:
        return f"fewer than {_decimal(_SMALLEST)} would look this similar"
    groups = f" (one person in {_count(1 / expected)} such groups)" if expected < 0.2 else ""
    return f"about {_rounded(expected)} would look this similar{groups}"


def describe_comparison(pair_count: int, false_match_rate: float) -> tuple[str, str]:
    """What two compared impressions have in common, and how often different fingers have as much.

    pair_count        minutiae that lie alike in both; 0 or more
    false_match_rate  share of comparisons of different fingers that score at least as high, 0..1
    Raises ValueError for numbers outside of that.

    >>> describe_comparison(27, 0.00004)[1]
    'Among 100,000 comparisons of different fingers, about 4 would look this similar.'
    """
    if pair_count < 0:
        raise ValueError(f"{pair_count} pairs, must be 0 or more")
    if not 0 <= false_match_rate <= 1:
        raise ValueError(f"false match rate {false_match_rate}, must lie in 0..1")
    return _alike(pair_count), _rarity_of_comparison(false_match_rate)


def _alike(pair_count: int) -> str:
    if pair_count == 0:
        return "No minutiae of the two impressions fit together."
    if pair_count == 1:
        return "1 minutia of each impression fits the other."
    return f"{pair_count} minutiae fit together when one impression is laid over the other."


def _rarity_of_comparison(false_match_rate: float) -> str:
    if false_match_rate >= 0.5:
        return "Most comparisons of different fingers look at least this similar."
    comparisons = 1000 if false_match_rate >= 0.001 else 100_000
    is_told = false_match_rate >= _SMALLEST_RATE
    share = f"about {_rounded(false_match_rate * comparisons)}" if is_told else "fewer than 1"
    return f"Among {comparisons:,} comparisons of different fingers, {share} would look this similar."


def _rounded(value: float) -> str:
    """One significant digit below 1, whole numbers with two above."""
    return _decimal(value) if value < 0.95 else _count(value)


def _decimal(value: float) -> str:
    places = -math.floor(math.log10(value))
    return f"{value:.{places}f}".rstrip("0")


def _count(value: float) -> str:
    """A count with two significant digits and commas."""
    digits = max(0, math.floor(math.log10(value)) - 1)
    return f"{round(value / 10**digits) * 10**digits:,}"
