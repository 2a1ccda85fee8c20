"""What people get wrong at a gate, and what must not come of it."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.conftest import RIGHT_INDEX, impression_png

Visit = Callable[[int, int], tuple[Path, Path]]
WHERE = ("--purpose", "departure", "--site", "Gate 1")


def test_a_gallery_that_is_not_there_is_not_taken_for_one_that_finds_nobody(run: Run, visit: Visit) -> None:
    right, left = visit(1, 1)
    run("enrol", right, "--gallery", "earlier")
    before = run("status", "--json").out

    screened = run("screen", right, *WHERE, "--search", "earlyer")
    identified = run("identify", left, "--search", "earlyer")

    assert (screened.code, identified.code) == (10, 10)
    assert "earlier" in screened.err
    assert run("status", "--json").out == before


def test_several_people_are_not_taken_for_one_when_batch_is_forgotten(run: Run, tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        (tmp_path / f"{seed}_right-index.png").write_bytes(impression_png(seed))

    for arguments in (("*_right-index.png",), (tmp_path,), tuple(sorted(tmp_path.glob("*.png")))):
        done = run("screen", *arguments, *WHERE)
        assert done.code == 3
        assert "--batch" in done.err
    repeated = [f"right-index={tmp_path / '1_right-index.png'}"] * 3
    assert run("screen", *repeated, *WHERE).code == 3


def test_people_in_folders_of_their_own_are_not_one_person(run: Run, visit: Visit, tmp_path: Path) -> None:
    for seed in (1, 2, 3):
        visit(seed, 1)

    assert run("screen", tmp_path, *WHERE).code == 3


@pytest.mark.parametrize("command", ["inspect", "screen", "identify", "compare", "enrol"])
def test_a_pipe_is_refused_and_not_waited_for(run: Run, tmp_path: Path, command: str) -> None:
    run("screen", "--not-captured", "refused", *WHERE)
    pipe = tmp_path / "right-index.png"
    os.mkfifo(pipe)
    more = {"screen": WHERE, "compare": (pipe,), "enrol": ("--gallery", "g")}.get(command, ())

    done = run(command, pipe, *more)

    assert done.code == (11 if command == "enrol" else 3)
    assert "pipe" in done.err + done.out


def test_a_folder_that_cannot_be_read_stops_a_batch(
    run: Run, visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(1, 1)
    (tmp_path / "closed").mkdir()
    read_folder = os.scandir

    def refuse_one(path: str) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", path)
        return read_folder(path)

    with monkeypatch.context() as patched:
        patched.setattr("os.scandir", refuse_one)
        done = run("screen", tmp_path, "--batch", *WHERE)

    assert done.code == 3
    assert "closed: expected folders that can be read, but found permission denied" in done.err


def test_no_command_overwrites_what_it_reads(run: Run, visit: Visit) -> None:
    right, left = visit(1, 1)
    before = right.read_bytes()

    for arguments in (
        ("export", right, "--output", right),
        ("export", f"right-index={right}", "--output", right),
        ("inspect", right, "--picture", right),
        ("compare", left, right, "--picture", right),
    ):
        assert run(*arguments).code == 2
    assert right.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("decide", "12345678", "cleared", "--ground", "a", "--exception", "b"),
        ("decide", "12345678", "let go"),
        ("compare", "x.png", "y.png", "--fmr", "nan"),
        ("inspect", "x.png", "--picture", "x.jpg"),
        ("adjudicate", "judge", "1", "--opinion", "perhaps"),
        ("status", "--data", ""),
    ],
)
def test_options_that_make_no_sense_are_usage_errors(run: Run, arguments: tuple[str, ...]) -> None:
    run("screen", "--not-captured", "refused", *WHERE)
    assert run(*arguments).code == 2


def test_a_picture_of_a_pair_is_refused_where_it_cannot_be_before_the_pair_is_drawn(
    run: Run, visit: Visit, tmp_path: Path
) -> None:
    for number in (1, 2):
        run("screen", *visit(1, number), *WHERE)
    lines = len(run("journal", "--json").json)

    for name, said in (("pair.txt", "ends in .png"), ("nowhere/pair.png", "no folder 'nowhere'")):
        done = run("adjudicate", "next", "--output", name)
        assert (done.code, said in done.err) == (2, True), done.err

    assert len(run("journal", "--json").json) == lines
    assert not {"pair.txt", "nowhere"} & {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize("reason", ["bandaged", "right-index=amputated"])
def test_a_finger_is_not_both_captured_and_not(run: Run, tmp_path: Path, reason: str) -> None:
    (tmp_path / "right-index.png").write_bytes(impression_png(1, RIGHT_INDEX))

    done = run("screen", "right-index.png", "--not-captured", reason, *WHERE)

    assert done.code == 3
    assert "reason why it was not" in done.err


def test_a_person_is_not_erased_without_a_yes(
    run: Run, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("screen", *visit(1, 1), *WHERE, "--json")
    subject = run("subjects", "--json").json[0]["subject"]
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)

    assert run("erase", subject).code == 1
    assert len(run("subjects", "--json").json) == 1


def test_a_manifest_is_not_overwritten_by_its_own_report(run: Run, visit: Visit, tmp_path: Path) -> None:
    visit(1, 1)
    manifest = tmp_path / "people.csv"
    manifest.write_text("record,file\nanna,person-1-visit-1/right-index.png\n,\n")
    before = manifest.read_text()

    assert run("screen", manifest, "--batch", *WHERE, "--report", manifest).code == 2
    assert run("enrol", manifest, "--gallery", "g", "--duplicates", manifest).code == 2
    assert manifest.read_text() == before
    assert run("enrol", manifest, "--gallery", "g", "--json").json["enrolled"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("record;file\na;b.png\n", "commas"),
        ("record,file,file\na,b.png,c.png\n", "file twice"),
        ('record,file\n"a,b.png\n', "not closed"),
        ("record,file\na\x1b[31m,b.png\n", "printable"),
    ],
)
def test_a_manifest_that_cannot_be_read_says_why(run: Run, tmp_path: Path, text: str, words: str) -> None:
    manifest = tmp_path / "people.csv"
    manifest.write_text(text)

    done = run("enrol", manifest, "--gallery", "g")

    assert done.code == 3
    assert words in done.err


def test_what_is_written_of_fingers_is_for_its_owner_only(run: Run, visit: Visit, tmp_path: Path) -> None:
    right, _ = visit(1, 1)
    run("export", right, "--output", "finger.fmr")
    run("inspect", right, "--picture", "minutiae.png")

    for name in ("finger.fmr", "minutiae.png"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
    assert run("export", right, "--output", "finger.png").code == 2


def test_what_was_forgiven_in_a_record_is_said(run: Run, visit: Visit, tmp_path: Path) -> None:
    right, _ = visit(1, 1)
    run("export", right, "--output", "finger.fmr")
    record = tmp_path / "finger.fmr"
    record.write_bytes(record.read_bytes() + b"\0\0\0")

    assert "forgiven at byte" in run("inspect", record).out
    assert run("inspect", record, "--json").json["deviations"][0]["code"]


@pytest.mark.parametrize(
    ("begin", "words"),
    [(b"FMR\x00040\x00", "version '040'"), (b"FIR\x00010\x00", "finger images"), (b"IIR\x00010\x00", "iris")],
)
@pytest.mark.parametrize("command", ["inspect", "screen"])
def test_a_record_that_is_not_read_is_told_as_a_record(
    run: Run, tmp_path: Path, begin: bytes, words: str, command: str
) -> None:
    (tmp_path / "right-index.fmr").write_bytes(begin + bytes(100))

    done = run(command, "right-index.fmr", *(WHERE if command == "screen" else ()))

    assert done.code == 3
    assert words in done.err
    assert "ISO/IEC 19794-2:2005" in done.err
    assert "PNG" not in done.err


@pytest.mark.parametrize("command", ["status", "upgrade", "check", "subjects"])
@pytest.mark.parametrize("content", [b"", b"notes of somebody else", None])
def test_nothing_is_left_in_a_folder_of_another_program(
    run: Run, tmp_path: Path, command: str, content: bytes | None
) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    if content is None:
        with closing(sqlite3.connect(folder / "registry.db")) as other:
            other.execute("PRAGMA journal_mode=WAL")
            other.execute("CREATE TABLE theirs (a)")
    else:
        (folder / "registry.db").write_bytes(content)

    assert run(command).code == 7
    assert [one.name for one in folder.iterdir()] == ["registry.db"]
