"""A check finds what is damaged, says what it affects, and leaves everything as it is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.conftest import record
from tests.registries import KEYS, REGISTRY, Kept, in_table
from tests.vault.registries import CANARY, Site, change_value, flip
from tests.workflows.requests import screening

from musterpoint.errors import Refused
from musterpoint.storage import tables
from musterpoint.storage.checking import Report
from musterpoint.storage.sealed_values import sealed_columns
from musterpoint.storage.vault import KeyScope
from musterpoint.workflows.checking import check
from musterpoint.workflows.screening import screen
from musterpoint.workflows.searching import RegistryIndex
from musterpoint.workflows.transparency import sign_checkpoint

NOT_SEALED = {
    "station.public_key",
    "journal_head.frontier",
    "journal.leaf_hash",
    "journal.entry",
    "journal_tile.hashes",
}
"""Columns of bytes that say nothing about anybody."""


def checked(site: Site) -> Report:
    """What a check finds."""
    station = site.open()
    try:
        return check(station)
    finally:
        station.database.close()


def test_a_sound_registry_is_sound(site: Site) -> None:
    report = checked(site)

    assert report.findings == ()
    assert report.counts["encounters"] == 3
    assert report.counts["references"] == 6
    assert report.counts["sealed values"] > 20


def test_every_sealed_column_is_looked_at() -> None:
    # Aspects put their tables on METADATA when they are imported.
    import musterpoint.workflows.station  # noqa: F401

    every = {
        f"{table.name}.{column.name}"
        for table in tables.METADATA.tables.values()
        for column in table.c
        if isinstance(column.type, sa.LargeBinary)
    }

    assert {one.name for one in sealed_columns()} == every - NOT_SEALED


def drop_line(folder: Path) -> None:
    in_table(folder, "DELETE FROM journal WHERE position = 5")


def drop_end(folder: Path) -> None:
    in_table(folder, "DELETE FROM journal WHERE position = (SELECT max(position) FROM journal)")


def swap_templates(folder: Path) -> None:
    [(one,), (other,)] = in_table(
        folder, "SELECT template FROM reference_template WHERE number IN (1, 2) ORDER BY number"
    )
    in_table(folder, "UPDATE reference_template SET template = ? WHERE number = 1", other)
    in_table(folder, "UPDATE reference_template SET template = ? WHERE number = 2", one)


def other_signature(folder: Path) -> None:
    [(entry,)] = in_table(folder, "SELECT entry FROM journal WHERE position = 7")
    assert isinstance(entry, bytes)
    envelope = json.loads(entry)
    changed = entry.replace(envelope["sig"].encode(), ("0" * 128).encode())
    in_table(folder, "UPDATE journal SET entry = ? WHERE position = 7", changed)


def changed(table: str, column: str) -> Callable[[Path], None]:
    return lambda folder: change_value(folder, table, column, flip)


DAMAGES: list[tuple[Callable[[Path], None], str]] = [
    (changed("reference_template", "template"), "reference_template.template"),
    (changed("reference_image", "image"), "reference_image.image"),
    (changed("encounter_detail", "detail"), "encounter_detail.detail"),
    (changed("request", "content"), "request.content"),
    (changed("journal", "ops"), "journal.ops"),
    (changed("journal", "entry"), "journal: the entry is not the one that was hashed"),
    (changed("journal", "leaf_hash"), "journal: the entry is not the one that was hashed"),
    (changed("journal_head", "frontier"), "journal: the root of the tree"),
    (drop_line, "journal: a line is missing"),
    (drop_end, "journal: lines are missing at the end"),
    (other_signature, "journal: the signature of the event does not verify"),
    (swap_templates, "reference_template.template"),
]


@pytest.mark.parametrize(("damage", "what"), DAMAGES, ids=[what for _, what in DAMAGES])
def test_damage_is_found_and_said_in_words(site: Site, damage: Callable[[Path], None], what: str) -> None:
    damage(site.folder)

    report = checked(site)

    assert any(found.what.startswith(what) for found in report.findings), report.findings
    assert all(found.affected and found.remedy for found in report.findings)
    assert CANARY not in str(report.findings)


def test_a_destroyed_key_without_an_erasure_is_found(site: Site) -> None:
    visitor = site.visit()[0]
    station = site.open()
    station.database.vault.destroy(KeyScope.encounter(visitor.encounter_id))
    station.database.close()

    report = checked(site)

    assert [found.what for found in report.findings if "key was destroyed" in found.what]
    assert str(visitor.encounter_id) not in str(report.findings)


def test_keys_that_are_older_than_the_registry_are_found(site: Site) -> None:
    kept = Kept.of(site.folder)
    site.visit()
    kept.put_back(KEYS)

    report = checked(site)

    assert any("never had a key" in found.what for found in report.findings)


def test_a_registry_that_was_put_back_is_found_by_what_it_signed(site: Site) -> None:
    kept = Kept.of(site.folder)
    site.visit()
    station = site.open()
    sign_checkpoint(station)
    station.database.close()
    kept.put_back(REGISTRY, KEYS)

    report = checked(site)

    assert [found.what.startswith("log:") for found in report.findings] == [True]


def test_a_check_changes_nothing(site: Site) -> None:
    station = site.open()
    with station.database.read() as snapshot:
        before = snapshot.position, snapshot.root()
    check(station)
    with station.database.read() as snapshot:
        assert (snapshot.position, snapshot.root()) == before
    station.database.close()


def test_only_an_administrator_checks(site: Site) -> None:
    station = site.open().acting_as("practice-officer")

    with pytest.raises(Refused):
        check(station)
    station.database.close()


def test_an_index_on_disk_that_is_not_the_registrys_is_found(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = site.open()
    index = RegistryIndex(None)
    index.follow(station.database)
    assert index.save(station.database)
    index.close()
    assert check(station).is_sound
    # An encounter changes hands behind the registry's back: what is on disk does not know of it.
    other = "(SELECT subject_id FROM encounter WHERE number = 2)"
    in_table(site.folder, f"UPDATE encounter SET subject_id = {other} WHERE number = 1")

    report = check(station)

    assert [found.what.partition(":")[0] for found in report.findings] == ["index"]
    station.database.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE encounter SET answer = 'known'", "the answer of an encounter"),
        ("UPDATE decision SET state = 'denied'", "the decision of an encounter"),
        ("UPDATE seat SET role = 'supervisor' WHERE role = 'capture officer'", "seats that are not"),
        (
            "UPDATE seat SET public_key = '" + "0" * 64 + "' WHERE name = 'practice-supervisor'",
            "seats that are not",
        ),
    ],
)
def test_what_stands_in_clear_and_was_changed_by_hand_is_found(site: Site, change: str, told: str) -> None:
    station = site.open()
    screen(station, screening(record(1)))
    station.database.close()
    assert checked(site).is_sound
    in_table(site.folder, change)

    found = checked(site).findings

    assert any(one.what.startswith(told) for one in found)
