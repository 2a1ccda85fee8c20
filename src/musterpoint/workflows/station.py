"""A station: one running installation and everything that a use case may touch."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from musterpoint.clock import Clock, SystemClock
from musterpoint.extraction import Extractor
from musterpoint.storage import Database
from musterpoint.workflows.searching import RegistryIndex

TARGET_FPIR = 0.01
"""Candidates that chance may produce in a search, on average. Each costs a minute of adjudication;
a lower target costs people who are missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """Everything that a use case may touch, wired once by `open_station`.

    target_fpir   candidates that chance may produce in a search, on average; in (0, 1]
    keeps_images  whether impressions are kept beside their templates, for adjudication
    """

    database: Database
    extractor: Extractor
    clock: Clock = field(default_factory=SystemClock)
    target_fpir: float = TARGET_FPIR
    keeps_images: bool = True
    indexes: dict[frozenset[str] | None, RegistryIndex] = field(default_factory=dict)

    def index(self, galleries: frozenset[str] | None) -> RegistryIndex:
        """The index of these galleries; None means all there are."""
        return self.indexes.setdefault(galleries, RegistryIndex(galleries))


def default_folder() -> Path:
    """Where the registry lies if nobody says otherwise."""
    return Path(platformdirs.user_data_dir("musterpoint"))


def open_station(
    folder: Path | None = None,
    *,
    target_fpir: float = TARGET_FPIR,
    keeps_images: bool = True,
    must_exist: bool = False,
) -> Station:
    """Open the registry in `folder`, making it if there is none and `must_exist` is false.

    Raises NotFound, VersionMismatch, Corrupt or StorageFull, see `Database.open`.
    """
    return Station(
        database=Database.open(folder or default_folder(), must_exist=must_exist),
        extractor=Extractor(),
        target_fpir=target_fpir,
        keeps_images=keeps_images,
    )
