"""The whole registry goes out in standard formats and comes in again, equal; damage is refused whole."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import uuid
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.exchange.conftest import NewStation
from tests.exchange.registries import everything, fill
from tests.registries import examples
from tests.storage.records import tables_of

from musterpoint import templates
from musterpoint.errors import Conflict, Corrupt, NoAgreement, NotFound, StorageFull
from musterpoint.interchange import iso19794_2
from musterpoint.storage import erasing
from musterpoint.workflows import exchange_files, importing
from musterpoint.workflows.erasure import Erasable, erase
from musterpoint.workflows.exchange_files import MANIFEST, UNFINISHED
from musterpoint.workflows.exporting import FORMAT, export_all
from musterpoint.workflows.importing import import_all

PURPOSE = "handing over"


@settings(
    max_examples=examples(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32))
def test_what_comes_in_again_answers_every_question_as_before(
    new_station: NewStation, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    source, target = new_station(), new_station()
    out = tmp_path_factory.mktemp("export") / "all"
    fill(source, seed)
    export_all(source, out, purpose=PURPOSE)

    # What comes in later keeps the dates that it was born with.
    target.clock.move(3)  # type: ignore[attr-defined]  # a clock of ours
    first = import_all(target, out)
    assert everything(target.database) == everything(source.database)
    assert (first.erased, first.kept) == (0, 0)

    with target.database.read() as snapshot:
        position = snapshot.position
    again = import_all(target, out)
    assert again.added == {}
    with target.database.read() as snapshot:
        assert snapshot.position == position


@pytest.fixture
def exported(new_station: NewStation, tmp_path: Path) -> Path:
    """An export with people, cases and images in it."""
    source, out = new_station(), tmp_path / "all"
    fill(source, 7)
    export_all(source, out, purpose=PURPOSE)
    return out


def test_every_finger_goes_as_a_standard_record_beside_its_exact_companion(exported: Path) -> None:
    rows = [json.loads(line) for line in (exported / "references.jsonl").read_text().splitlines()]
    assert rows
    for row in rows:
        exact = templates.decode((exported / row["template"]).read_bytes())
        [standard] = iso19794_2.read((exported / row["record"]).read_bytes()).templates
        assert (standard.minutiae.x == exact.minutiae.x).all()
        assert (standard.minutiae.y == exact.minutiae.y).all()
        assert (standard.position, row["extractor"]) == (exact.position, exact.extractor)


@pytest.mark.parametrize(
    "damage", ["flip", "row", "cut", "missing", "added", "manifest", "half", "renamed", "outside"]
)
def test_a_damaged_or_half_copied_export_is_refused_whole(
    new_station: NewStation, exported: Path, damage: str
) -> None:
    target = new_station()
    before = tables_of(target.database._folder)
    hurt(exported, damage)

    with pytest.raises((Corrupt, NotFound)):
        import_all(target, exported)
    assert tables_of(target.database._folder) == before


def hurt(export: Path, damage: str) -> None:
    """Do to an export what copying, disks and people do."""
    victim = next(one for one in sorted(export.rglob("*.mpt")))
    manifest = export / MANIFEST
    match damage:
        case "flip":
            data = bytearray(victim.read_bytes())
            data[len(data) // 2] ^= 1
            victim.write_bytes(data)
        case "row":
            rows = export / "encounters.jsonl"
            rows.write_bytes(rows.read_bytes().replace(b"north", b"south"))
        case "cut":
            victim.write_bytes(victim.read_bytes()[:-1])
        case "missing":
            victim.unlink()
        case "added":
            (export / "more.jsonl").write_text("{}\n")
        case "manifest":
            manifest.write_bytes(manifest.read_bytes()[:-20])
        case "half":
            manifest.rename(export / UNFINISHED)
        case "renamed":
            victim.rename(victim.with_suffix(".png2"))
        case "outside":
            facts = json.loads(manifest.read_text())
            facts["files"]["../outside"] = {"bytes": 0, "sha256": ""}
            manifest.write_text(json.dumps(facts))


def test_what_is_here_under_the_same_identifier_with_other_content_is_refused(
    new_station: NewStation, exported: Path
) -> None:
    target = new_station()
    import_all(target, exported)
    manifest, path = exported / MANIFEST, exported / "encounters.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["site"] = "somewhere else"
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(data)
    facts = json.loads(manifest.read_text())
    facts["files"]["encounters.jsonl"] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    manifest.write_text(json.dumps(facts))
    before = everything(target.database)
    with pytest.raises(Conflict, match="other content"):
        import_all(target, exported)
    assert everything(target.database) == before


def test_who_was_erased_here_is_dropped_and_counted(new_station: NewStation, tmp_path: Path) -> None:
    source, out = new_station(), tmp_path / "old"
    fill(source, 21, holds=False)
    with source.database.read() as snapshot:
        gone = next(one for one in snapshot.subjects() if one.encounters)
    export_all(source, out, purpose=PURPOSE)
    erase(source, Erasable(subject_id=gone.subject_id, encounters=gone.encounters))
    before = everything(source.database)

    done = import_all(source, out)
    assert done.erased >= 1 + len(gone.encounters)
    assert done.added == {}
    assert everything(source.database) == before
    with source.database.read() as snapshot, pytest.raises(NotFound, match="erased"):
        snapshot.subject(gone.subject_id)


def test_tombstones_go_over_so_that_an_older_export_brings_nobody_back(
    new_station: NewStation, tmp_path: Path
) -> None:
    source, target = new_station(), new_station()
    fill(source, 21, holds=False)
    with source.database.read() as snapshot:
        gone = next(one for one in snapshot.subjects() if one.encounters)
    export_all(source, tmp_path / "old", purpose=PURPOSE)
    erase(source, Erasable(subject_id=gone.subject_id, encounters=gone.encounters))
    export_all(source, tmp_path / "new", purpose=PURPOSE)

    import_all(target, tmp_path / "new")
    import_all(target, tmp_path / "old")
    with target.database.read() as snapshot:
        assert snapshot.is_erased(gone.subject_id)
        assert gone.subject_id not in {one.subject_id for one in snapshot.subjects()}
        assert not {one.encounter_id for one in snapshot.index_rows()} & set(gone.encounters)


def test_an_export_is_journalled_and_every_later_erasure_waits_for_it(
    new_station: NewStation, tmp_path: Path
) -> None:
    source = new_station()
    fill(source, 21, holds=False)
    done = export_all(source, tmp_path / "all", purpose=PURPOSE)
    with source.database.read() as snapshot:
        gone = next(one for one in snapshot.subjects() if one.encounters)
        [line] = [line for line in snapshot.journal() if line.kind == "export"]
        assert json.loads(line.body)["purpose"] == PURPOSE
        assert done.holder in {store.name for store in erasing.holders(snapshot, source.clock.now())}
    erased = erase(source, Erasable(subject_id=gone.subject_id, encounters=gone.encounters))
    assert [store.name for store in erased.erasure.outstanding] == [done.holder]


def test_an_export_without_a_purpose_or_into_a_used_folder_is_refused(
    new_station: NewStation, tmp_path: Path
) -> None:
    source = new_station()
    with pytest.raises(NoAgreement):
        export_all(source, tmp_path / "all", purpose=" ")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "note.txt").write_text("mine")
    with pytest.raises(Conflict, match="other files"):
        export_all(source, tmp_path / "used", purpose=PURPOSE)
    assert (tmp_path / "used" / "note.txt").read_text() == "mine"


class Crash(BaseException):
    """The process dies here."""


def test_an_export_that_was_killed_goes_on_and_is_whole(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, out = new_station(), new_station(), tmp_path / "all"
    fill(source, 7)

    def die(done: int, total: int) -> None:
        raise Crash

    with pytest.raises(Crash):
        export_all(source, out, purpose=PURPOSE, advance=die)
    with pytest.raises(NotFound, match="interrupted"):
        import_all(target, out)
    again = export_all(source, out, purpose=PURPOSE)
    assert again.is_resumed
    import_all(target, out)
    assert everything(target.database) == everything(source.database)


def test_a_full_disk_is_said_and_the_export_goes_on_when_there_is_space(
    new_station: NewStation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, out = new_station(), new_station(), tmp_path / "all"
    fill(source, 7)

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StorageFull, match="no space left"):
            exchange_files.Folder.begin(out, FORMAT, str(uuid.uuid4())).write_lines("gallery.jsonl", [{}])
    assert export_all(source, out, purpose=PURPOSE).is_resumed
    import_all(target, out)
    assert everything(target.database) == everything(source.database)


def test_only_its_owner_can_read_an_export(exported: Path) -> None:
    assert exported.stat().st_mode & 0o777 == 0o700
    for path in exported.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize("unit", [0, 1, 2])
def test_an_import_that_was_killed_between_its_parts_goes_on(
    new_station: NewStation, exported: Path, monkeypatch: pytest.MonkeyPatch, unit: int
) -> None:
    target, whole = new_station(), new_station()
    import_all(whole, exported)
    commits = []

    def die(*arguments: object, **options: object) -> None:
        commits.append(1)
        if len(commits) > unit:
            raise Crash
        committed(*arguments, **options)  # type: ignore[arg-type]

    committed = importing._commit
    with monkeypatch.context() as patched:
        patched.setattr(importing, "_commit", die)
        with pytest.raises(Crash):
            import_all(target, exported)
    import_all(target, exported)
    assert everything(target.database) == everything(whole.database)
