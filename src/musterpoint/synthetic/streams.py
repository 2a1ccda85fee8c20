"""Random numbers by counter: each purpose has its own stream, so a new one shifts no other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

_MASK = 0xFFFFFFFFFFFFFFFF
_BYTES = 0x00FF00FF00FF00FF


def _word(key: int, n: int) -> int:
    z = (key + (n + 1) * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def derive(seed: int, purpose: str, *numbers: int) -> int:
    """The key, 0 <= key < 2**64, of the stream that serves one purpose of one seed."""
    key = _word(seed & _MASK, int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little"))
    for number in numbers:
        key = _word(key, number & _MASK)
    return key


class Stream:
    """Numbers drawn one after another from a stream of splitmix64 words."""

    def __init__(self, seed: int, purpose: str, *numbers: int) -> None:
        self._key = derive(seed, purpose, *numbers)
        self._drawn = 0

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number evenly spread over low <= u < high."""
        return low + (high - low) * ((self._next() >> 11) / (1 << 53))

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        """A bell-shaped number within five deviations: a centred sum of eight random bytes."""
        word = self._next()
        pairs = (word & _BYTES) + ((word >> 8) & _BYTES)
        total = (pairs & 0xFFFF) + (pairs >> 16 & 0xFFFF) + (pairs >> 32 & 0xFFFF) + (pairs >> 48)
        return mean + deviation * ((total - 1020.0) / 209.0)

    def below(self, count: int) -> int:
        """A whole number, 0 <= n < count."""
        return int(self.uniform(0.0, count))

    def choose(self, weights: Sequence[float]) -> int:
        """The index of one of the weights, each as likely as it is heavy."""
        rest = self.uniform(0.0, sum(weights))
        for index, weight in enumerate(weights):
            rest -= weight
            if rest < 0.0:
                return index
        return len(weights) - 1

    def _next(self) -> int:
        self._drawn += 1
        return _word(self._key, self._drawn - 1)
