"""A station under an agreement that two parties have signed, as each test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.rights.installations import Installation, agree, open_empty, version, with_seats

from musterpoint.extraction import Extractor
from musterpoint.registry.agreements import AgreementState, Grant, ScreeningRules

Agreed = Callable[..., Installation]


@pytest.fixture
def agreed(tmp_path: Path, extractor: Extractor) -> Iterator[Agreed]:
    """Makes an installation with grants and rules of screening."""
    empty = open_empty(tmp_path, extractor)

    def make(*grants: Grant, rules: ScreeningRules | None = None) -> Installation:
        seated = with_seats(empty, tmp_path)
        made = version(seated.party_keys, seated.clock.now(), *grants)
        made = replace(made, screening=rules or ScreeningRules())
        assert agree(seated, made) is AgreementState.LIVE
        return seated

    yield make
    empty.station.database.close()
