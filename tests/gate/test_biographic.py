"""Biographic data: optional, checked where it enters, and an age that errs on the side of the child."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.errors import UnusableInput
from musterpoint.registry.biographic import Biography, birth_range, birthday, fields_of_json, years_at_most

pytestmark = pytest.mark.no_registry

TODAY = datetime.date(2026, 11, 25)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)))
def test_less_precise_statements_of_birth_contain_the_day(day: datetime.date) -> None:
    for text in (f"{day.year:04}", f"{day:%Y-%m}", day.isoformat()):
        first, last = birth_range(text)
        assert first <= day <= last


@pytest.mark.parametrize(
    ("born", "years"),
    [("2021-11-25", 5), ("2021-11-26", 4), ("2021", 4), ("2020", 5), ("2021-11", 4), ("2027", 0)],
)
def test_an_age_is_the_lowest_that_the_statement_may_mean(born: str, years: int) -> None:
    assert years_at_most(born, TODAY) == years


def test_the_day_of_an_age_is_the_earliest_one() -> None:
    assert birthday("2021", 18) == datetime.date(2039, 1, 1)
    assert birthday("2020-02-29", 5) == datetime.date(2025, 3, 1)


@pytest.mark.parametrize(
    "born", ["21", "2021-13", "2021-02-30", "yesterday", "2021-1", "-2021", "2021-01-01-01"]
)
def test_a_birth_that_cannot_be_is_refused(born: str) -> None:
    with pytest.raises(UnusableInput):
        Biography(born=born)


@given(
    st.builds(
        Biography,
        name=st.text(st.characters(categories=["L", "N", "Zs"], include_characters=" "), max_size=50).filter(
            str.isprintable
        ),
        fields=st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["Ä", "x y", "7"])),
    )
)
def test_a_biography_comes_back_as_it_was(biography: Biography) -> None:
    assert Biography.from_facts(biography.facts()) == biography


@pytest.mark.parametrize("data", [b"", b"[1]", b'{"a":{}}', b'{"a":true}', b"\xff", b"[" * 100_000])
def test_free_fields_are_one_flat_object(data: bytes) -> None:
    with pytest.raises(UnusableInput, match=r"form\.json"):
        fields_of_json(data, "form.json")
    assert fields_of_json(b'{"village": "B", "children": 3}', "form.json") == {
        "village": "B",
        "children": "3",
    }
