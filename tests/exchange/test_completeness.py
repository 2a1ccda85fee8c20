"""No table is forgotten: each is exchanged, or stands on a list of what is left out on purpose."""

from __future__ import annotations

import sqlalchemy as sa

from musterpoint.storage import exchanging, tables

IN_FILES_OF_THEIR_OWN = frozenset(
    {
        "encounter",
        "encounter_detail",
        "encounter_gallery",
        "reference",
        "reference_template",
        "reference_image",
        "adjudication_case",
        "adjudication_candidate",
        "request",
        "request_mention",
    }
)

LEFT_OUT = {
    "station": "the log is this registry's own",
    "clock_confirmation": "this registry's clock",
    "station_revocation": "of stations",
    "journal_head": "the log is this registry's own",
    "journal": "the log is this registry's own",
    "journal_tile": "the log is this registry's own",
    "index_change": "says which indexes of this registry are out of date",
    "seat": "an administrator grants seats anew",
    "broken_glass": "of seats",
    "known_answer": "whoever reads an export could tell known-answer pairs from others",
    "calibration": "measured on the people of this registry; elsewhere it would mean something else",
    "search_day": "limits of this registry's day",
    "retention_clock": "this registry's clock",
    "holder": "copies of this registry",
    "erasure": "erasures of this registry, which its own stores answer",
    "erasure_store": "of erasures",
    "reference_staged": "not searched, and extracted anew from the images",
}


def exchanged() -> dict[str, exchanging.Exchanged]:
    """Everything that goes as rows, by the name of its table."""
    return {one.name: one for one in (*exchanging.EXCHANGED, *exchanging.AFTER_ENCOUNTERS)}


def test_every_table_is_exchanged_or_left_out_for_a_reason() -> None:
    known = {*exchanged(), *IN_FILES_OF_THEIR_OWN, *LEFT_OUT}
    assert set(tables.METADATA.tables) - known == set()
    assert known - set(tables.METADATA.tables) == set()


def test_every_sealed_column_that_is_exchanged_says_whose_key_it_is() -> None:
    for one in exchanged().values():
        binary = {column.name for column in one.table.c if isinstance(column.type, sa.LargeBinary)}
        assert binary == set(one.sealed), one.name


def test_every_number_of_another_table_is_translated() -> None:
    for one in exchanged().values():
        for column in one.table.c:
            of_numbers = {key.column.table.name for key in column.foreign_keys if key.column.name == "number"}
            assert of_numbers <= {table.name for table in one.of.values()}, f"{one.name}.{column.name}"
