"""The gallery: references held in memory, searched for the person of a probe."""

from musterpoint.gallery.gallery import Candidate, Gallery, Searched
from musterpoint.gallery.protocol import (
    ComparedFinger,
    FoundPerson,
    GallerySearch,
    GalleryStatus,
    Probe,
    SearchResult,
    Terms,
)
from musterpoint.gallery.references import Entry, References
from musterpoint.gallery.searching import LocalGallerySearch, ShardedGallerySearch
from musterpoint.gallery.shard_process import ProcessShard, part_of
from musterpoint.gallery.snapshot import Sealing, SnapshotFolder

__all__ = [
    "Candidate",
    "ComparedFinger",
    "Entry",
    "FoundPerson",
    "Gallery",
    "GallerySearch",
    "GalleryStatus",
    "LocalGallerySearch",
    "Probe",
    "ProcessShard",
    "References",
    "Sealing",
    "SearchResult",
    "Searched",
    "ShardedGallerySearch",
    "SnapshotFolder",
    "Terms",
    "part_of",
]
