"""The journal as a transparency log: signed events in a tree that anybody can build again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.registries import behind_its_back
from tests.storage.records import Person, record

from musterpoint.clock import Instant
from musterpoint.errors import Corrupt, KeyDestroyed, NotProven
from musterpoint.identifiers import AgreementId, new_uuid
from musterpoint.storage import Database
from musterpoint.storage.vault import KeyScope
from musterpoint.transparency.commitments import SALT_BYTES, verify_opening
from musterpoint.transparency.events import FIRST_PREV, parse_event
from musterpoint.transparency.hashing import leaf_hash
from musterpoint.transparency.proofs import (
    consistency_proof,
    inclusion_proof,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from musterpoint.transparency.tiles import Tree

SIZES = (1, 2, 255, 256, 257, 700)


def grow(database: Database, size: int) -> None:
    """Lines until there are so many, in units of different lengths."""
    with database.read() as snapshot:
        missing = size - snapshot.position
    while missing:
        with database.unit_of_work() as work:
            for number in range(min(missing, 100)):
                work.append_journal("audit.fact", {"n": number})
            work.commit()
        missing -= min(missing, 100)


def test_root_and_tiles_are_those_of_a_tree_built_from_the_entries(database: Database) -> None:
    tree = Tree()
    for size in SIZES:
        grow(database, size)
        with database.read() as snapshot:
            assert snapshot.log_size() == size
            for entry in snapshot.entries(tree.frontier.size, size):
                tree.append(leaf_hash(entry))
            assert snapshot.root() == tree.frontier.root()
            assert snapshot.tile(0, (size - 1) // 256) == tree.tile(0, (size - 1) // 256)
            if size >= 256:
                assert snapshot.tile(1, 0) == tree.tile(1, 0)


def test_proofs_are_made_from_what_is_stored(database: Database) -> None:
    grow(database, 600)

    with database.read() as snapshot:
        root = snapshot.root()
        assert root_at(snapshot, 600) == root
        for index in (0, 255, 256, 511, 599):
            (leaf,) = snapshot.leaf_hashes(index, index + 1)
            verify_inclusion(leaf, index, 600, inclusion_proof(snapshot, index, 600), root)
        for old in (1, 256, 300, 599):
            proof = consistency_proof(snapshot, old, 600)
            verify_consistency(old, 600, proof, root_at(snapshot, old), root)


def test_events_are_chained_numbered_and_signed_by_the_station(database: Database) -> None:
    grow(database, 5)
    with database.unit_of_work() as work:
        work.append_journal("audit.left", {})
    with database.unit_of_work(author="gate-1") as work:
        work.append_journal("audit.fact", {})
        work.commit()

    with database.read() as snapshot:
        events = [parse_event(entry) for entry in snapshot.entries(0, 6)]
        key = Ed25519PublicKey.from_public_bytes(snapshot.stations()[snapshot.station_id])
    assert [event.seq for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event.prev for event in events] == [FIRST_PREV, *(event.event_id() for event in events[:-1])]
    assert [event.author for event in events] == ["station"] * 5 + ["gate-1"]
    for event in events:
        event.verify(key)


def test_a_clock_that_jumps_back_changes_no_order(folder: Path) -> None:
    times = [9_000_000, 1_000_000, 1_000_000, 10_000_000]

    class Jumping:
        def now(self) -> Instant:
            return Instant(times[0] if len(times) == 1 else times.pop(0))

    with Database.open(folder, clock=Jumping()) as database:
        times[:] = [9_000_000, 1_000_000, 1_000_000, 10_000_000]
        with database.unit_of_work() as work:
            for _ in range(4):
                work.append_journal("audit.fact", {})
            work.commit()
        with database.read() as snapshot:
            clocks = [parse_event(entry).clock for entry in snapshot.entries(0, 4)]
            assert [line.occurred_at for line in snapshot.journal()] == [
                9_000_000,
                1_000_000,
                1_000_000,
                10_000_000,
            ]
    assert clocks == sorted(set(clocks))
    assert clocks[0] >> 16 == clocks[2] >> 16 == 9_000
    assert clocks[3] >> 16 == 10_000


def test_payloads_open_the_commitments_of_their_event(database: Database) -> None:
    person = Person()
    with database.unit_of_work() as work:
        record(work, person)
        work.append_journal(
            "captured",
            {"encounter": str(person.encounter_id)},
            person={"note": "PLANTED"},
            encounter_id=person.encounter_id,
        )
        work.commit()

    with database.read() as snapshot:
        event = parse_event(next(snapshot.entries(1, 2)))
        ((index, ops),) = snapshot.ops_openings(1, 2)
        ((also, about),) = snapshot.person_openings(person.encounter_id)
    assert index == also == 1
    assert ops is not None
    assert event.person is not None
    verify_opening(event.ops, ops[:SALT_BYTES], ops[SALT_BYTES:])
    verify_opening(event.person, about[:SALT_BYTES], about[SALT_BYTES:])
    assert json.loads(about[SALT_BYTES:]) == {"note": "PLANTED"}
    with pytest.raises(NotProven):
        verify_opening(event.ops, about[:SALT_BYTES], ops[SALT_BYTES:])


def test_entries_say_nothing_about_a_person_in_clear(database: Database) -> None:
    person = Person()
    with database.unit_of_work() as work:
        record(work, person)
        work.append_journal("outcome", {"encounter": str(person.encounter_id), "outcome": "refused"})
        work.commit()

    with database.read() as snapshot:
        entry = list(snapshot.entries(0, 2))[-1]
    assert b"refused" not in entry
    assert person.encounter_id.hex.encode() not in entry
    assert str(person.encounter_id).encode() not in entry
    assert json.loads(entry)["kind"] == "person"


def test_facts_under_an_agreement_go_with_its_key_and_the_log_stays(database: Database) -> None:
    agreement = AgreementId(new_uuid())
    database.vault.new_key(KeyScope.agreement(agreement))
    with database.unit_of_work(agreement=agreement) as work:
        work.append_journal("searched", {"people": 5})
        work.commit()
    with database.read() as snapshot:
        before = snapshot.root()
        assert [(line.kind, line.body) for line in snapshot.journal()] == [("searched", '{"people":5}')]

    database.vault.destroy(KeyScope.agreement(agreement))

    with database.read() as snapshot:
        assert snapshot.root() == before
        assert [(line.kind, line.body) for line in snapshot.journal()] == [("person", "{}")]


def test_what_was_said_about_a_person_cannot_be_opened_after_an_erasure(
    database: Database, folder: Path
) -> None:
    person = Person()
    assert person.subject_id
    with database.unit_of_work() as work:
        record(work, person)
        work.append_journal("captured", {}, person={"note": "x"}, encounter_id=person.encounter_id)
        work.commit()
    with behind_its_back(folder) as connection:
        sealed = connection.exec_driver_sql("SELECT person FROM journal WHERE position = 2").scalar_one()
    with database.unit_of_work() as work:
        work.erase_subject(person.subject_id)
        work.append_journal("subject.erased", {})
        work.commit()

    with database.read() as snapshot:
        assert [line.position for line in snapshot.journal()] == [1, 2, 3]
        assert snapshot.person_openings(person.encounter_id) == ()
    with pytest.raises(KeyDestroyed):
        database.vault.open(KeyScope.encounter(person.encounter_id), "journal/person/2", sealed)


def test_a_station_with_another_name_begins_its_own_chain(database: Database, folder: Path) -> None:
    grow(database, 2)
    database.close()
    with Database.open(folder) as again:
        first = again.vault.station_id().hex
        second = again.vault.renew_station().hex
        grow(again, 3)
        again.provision_station()
        with again.read() as snapshot:
            events = [parse_event(entry) for entry in snapshot.entries(0, 4)]
            assert set(snapshot.stations()) == {first, second}
            assert json.loads(snapshot.journal(since=3)[0].body)["station"] == second
    assert [(event.station, event.seq) for event in events] == [
        (first, 1),
        (first, 2),
        (second, 1),
        (second, 2),
    ]
    assert events[2].prev == FIRST_PREV
    assert events[2].clock > events[1].clock


def test_a_unit_of_work_sees_its_own_lines_in_the_tree_before_its_commit(database: Database) -> None:
    grow(database, 2)
    with database.unit_of_work() as work:
        work.append_journal("audit.fact", {})
        (entry,) = work.entries(2, 3)
        work.append_journal("audit.fact", {})
        root = work.root()
        assert [line.position for line in work.journal()] == [1, 2, 3, 4]
        assert next(work.leaf_hashes(2, 3)) == leaf_hash(entry)
        work.commit()

    with database.read() as snapshot:
        assert snapshot.root() == root


def test_a_station_says_once_which_key_it_signs_with(database: Database) -> None:
    database.provision_station()
    database.provision_station()

    with database.read() as snapshot:
        (line,) = snapshot.journal()
        assert line.kind == "station.provisioned"
        key = snapshot.stations()[snapshot.station_id].hex()
        assert json.loads(line.body) == {"station": snapshot.station_id, "public_key": key}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET ops = (SELECT ops FROM journal WHERE position = 2) WHERE position = 1",
        "UPDATE journal SET ops = substr(ops, 1, 80) WHERE position = 1",
    ],
)
def test_a_payload_that_was_exchanged_does_not_open(database: Database, folder: Path, change: str) -> None:
    grow(database, 2)
    with behind_its_back(folder) as connection:
        connection.exec_driver_sql(change)

    with database.read() as snapshot, pytest.raises(Corrupt):
        snapshot.journal()
