"""The whole registry goes out in standard formats and comes in again, equal; damage is refused whole."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.exchange.conftest import NewStation
from tests.exchange.registries import everything, fill

from musterpoint.workflows.exporting import export_all
from musterpoint.workflows.importing import import_all

PURPOSE = "handing over"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_what_comes_in_again_answers_every_question_as_before(
    new_station: NewStation, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    source, target = new_station(), new_station()
    out = tmp_path_factory.mktemp("export") / "all"
    fill(source, seed)
    export_all(source, out, purpose=PURPOSE)

    first = import_all(target, out)
    assert everything(target.database) == everything(source.database)
    assert (first.erased, first.kept) == (0, 0)

    with target.database.read() as snapshot:
        position = snapshot.position
    again = import_all(target, out)
    assert again.added == {}
    with target.database.read() as snapshot:
        assert snapshot.position == position
