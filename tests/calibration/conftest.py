"""The installations of `tests.rights`."""

from __future__ import annotations

from tests.rights.conftest import empty, real, run, seated

__all__ = ["empty", "real", "run", "seated"]
