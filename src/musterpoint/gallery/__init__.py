"""The gallery: references held in memory, searched for the person of a probe."""

from musterpoint.gallery.index import Candidate, Gallery, SearchResult

__all__ = ["Candidate", "Gallery", "SearchResult"]
