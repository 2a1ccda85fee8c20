"""What `scale` measured, kept in one JSON file that is written anew after each gallery."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from musterpoint.comparison import COMPARATOR_VERSION

CHIMERAS: Final = "chimeras"
SYNTHETIC: Final = "synthetic"
REAL: Final = "real"


@dataclass(frozen=True, slots=True, kw_only=True)
class Searches:
    """What became of searches of one kind of probes.

    searches          of probes, each for all its mates at once
    mates             pairs of a probe and a mate
    listed, first     share of the mates that the filter listed, and that were first after comparison
    strong_enough     share of the mates above the threshold of one candidate by chance in a hundred searches
    with_decoy        searches with a decoy above it
    filter_ms, whole_ms  processor time of one search on one core
    first_hundred     share of the mates before whom the filter put fewer than a hundred decoys
    """

    probes: str
    searches: int
    mates: int
    listed: float
    first: float
    strong_enough: float
    with_decoy: int
    filter_ms: float
    whole_ms: float
    first_hundred: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """One gallery, one finger a person.

    filter_bytes, other_bytes  memory a finger
    load_s            from its encrypted snapshot in the page cache until a search is answered, by the clock
    load_processor_s  the same, of all processors
    machine_load      processes that ran or waited for the cores in the last minute
    """

    decoys: str
    size: int
    searches: tuple[Searches, ...]
    filter_bytes: float
    other_bytes: float
    load_s: float
    load_processor_s: float
    machine_load: float
    comparator: str
    measured: str
    took_s: int

    @classmethod
    def of(cls, values: dict[str, Any]) -> Gallery:
        """The gallery that was kept."""
        return cls(**{**values, "searches": tuple(Searches(**one) for one in values["searches"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How scores of one kind of pairs are spread.

    pairs    how many
    mated    whether they are of one finger
    nats     scores, ascending
    reached  how many pairs score as high or higher
    """

    name: str
    mated: bool
    pairs: int
    nats: tuple[float, ...]
    reached: tuple[int, ...]

    @classmethod
    def of(cls, values: dict[str, Any]) -> Distribution:
        """The distribution that was kept."""
        return cls(**{**values, "nats": tuple(values["nats"]), "reached": tuple(values["reached"])})


@dataclass(slots=True)
class Results:
    """All that was measured; the file is whole at every moment."""

    path: Path
    galleries: list[Gallery] = field(default_factory=list)
    scores: list[Distribution] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Results:
        """What the file holds; nothing where there is none."""
        if not path.exists():
            return cls(path)
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            path,
            [Gallery.of(one) for one in kept["galleries"]],
            [Distribution.of(one) for one in kept["scores"]],
        )

    def has(self, decoys: str, size: int, probes: Collection[str] | Mapping[str, object]) -> bool:
        """Whether this comparator was measured in such a gallery with all these kinds of probes."""
        return any(
            one.decoys == decoys
            and one.size == size
            and one.comparator == COMPARATOR_VERSION
            and set(probes) <= {each.probes for each in one.searches}
            for one in self.galleries
        )

    def keep_gallery(self, made: Gallery) -> None:
        """Keep a gallery in the place of an earlier one of its kind and size; it stands last."""
        kept = [one for one in self.galleries if (one.decoys, one.size) != (made.decoys, made.size)]
        self.galleries = [*kept, made]
        self._write()

    def keep_scores(self, made: list[Distribution]) -> None:
        """Keep how scores are spread."""
        self.scores = made
        self._write()

    def of_kind(self, decoys: str) -> list[Gallery]:
        """Galleries of a kind, the smallest first."""
        return sorted((one for one in self.galleries if one.decoys == decoys), key=lambda one: one.size)

    def _write(self) -> None:
        facts = {
            "galleries": [asdict(one) for one in self.galleries],
            "scores": [asdict(one) for one in self.scores],
        }
        beside = self.path.with_suffix(".unfinished")
        beside.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        beside.replace(self.path)
