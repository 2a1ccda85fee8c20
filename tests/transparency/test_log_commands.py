"""The commands of the log end with the codes that the pages promise, and a stick goes back and forth."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.registries import copied

from musterpoint.cli import main
from musterpoint.workflows.station import Station, open_station

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `musterpoint log ARGUMENTS` beside a registry; returns code, output and talk."""
    monkeypatch.setenv("MUSTERPOINT_DATA", str(tmp_path / "registry"))
    monkeypatch.chdir(tmp_path)

    def command(*given: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(["log", *given])
        captured = capsys.readouterr()
        return end.value.code if isinstance(end.value.code, int) else 0, captured.out, captured.err

    return command


def make_witness(run: Run, name: str = "w1", log: str = "log.keys") -> None:
    """A witness of this log, and its keys in a file."""
    run("keys", "--output", "log.keys")
    code, printed, _ = run("witness", "init", name, "--name", name, "--log", log)
    assert code == 0
    Path(f"{name}.keys").write_text(printed)


def grow(station: Station) -> None:
    with station.database.unit_of_work() as work:
        work.append_journal("searched", {"people": 1})
        work.commit()


def test_a_stick_goes_back_and_forth_although_an_answer_was_lost(run: Run, station: Station) -> None:
    make_witness(run)
    assert run("request")[0] == 0
    assert run("witness", "cosign", "request.tlog", "--witness", "w1")[0] == 0
    grow(station)
    assert run("request")[0] == 0

    code, _, told = run("witness", "cosign", "request.tlog", "--witness", "w1")
    assert (code, "--old" in told) == (10, True)
    size = Path("cosignatures.txt").read_text().strip()
    code, _, told = run("add-cosignature", "cosignatures.txt", "--witness", "w1.keys")
    assert (code, f"--old {size}" in told) == (10, True)

    assert run("request", "--old", size)[0] == 0
    assert run("witness", "cosign", "request.tlog", "--witness", "w1")[0] == 0
    code, _, told = run("add-cosignature", "cosignatures.txt", "--witness", "w1.keys")
    assert (code, "cosigned by w1" in told) == (0, True)
    code, printed, _ = run("export", "out", "--cosigned", "--json")
    assert (code, json.loads(printed)["witnesses"]) == (0, ["w1", "w1/ml-dsa-44"])
    assert run("verify", "out")[0] == 0


def test_a_second_history_is_not_cosigned(run: Run, tmp_path: Path) -> None:
    make_witness(run)
    run("request")
    run("witness", "cosign", "request.tlog", "--witness", "w1")
    # The same station, put back to its beginning, writes something else.
    copied(tmp_path / "registry", tmp_path / "copy")
    shutil.rmtree("copy/log")
    other = open_station(tmp_path / "copy")
    grow(other)
    other.database.close()
    shutil.rmtree("registry/log")
    with open_station(tmp_path / "registry").database as original:
        with original.unit_of_work() as work:
            work.append_journal("searched", {"people": 2})
            work.commit()
        size = original_size(tmp_path / "registry")
    run("request", "--old", str(size - 1))
    assert run("witness", "cosign", "request.tlog", "--witness", "w1")[0] == 0
    run("request", "--old", str(size), "--data", "copy", "--output", "other.tlog")

    code, _, told = run("witness", "cosign", "other.tlog", "--witness", "w1")
    assert (code, "two histories" in told) == (3, True)


def original_size(folder: Path) -> int:
    with open_station(folder).database as database, database.read() as snapshot:
        return snapshot.log_size()


def test_a_witness_of_another_log_says_so(run: Run) -> None:
    make_witness(run)
    run("witness", "init", "w2", "--name", "w2")
    run("request")
    code, _, told = run("witness", "cosign", "request.tlog", "--witness", "w2")
    assert (code, "trust" in told) == (10, True)
    assert run("witness", "trust", "w2", "--log", "log.keys")[0] == 0
    assert run("witness", "cosign", "request.tlog", "--witness", "w2")[0] == 0
    code, _, _ = run("add-cosignature", "cosignatures.txt", "--witness", "w1.keys")
    assert code == 3


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (["verify", "missing"], 2),
        (["verify"], 2),
        (["proof", "0"], 10),
        (["proof", "f" * 64], 10),
        (["export", "out", "--cosigned"], 10),
        (["export", "registry"], 3),
        (["export", "out", "--open", "everything"], 2),
        (["request", "--to", "http://127.0.0.1:9"], 2),
        (["request", "--old", "1000000"], 10),
        (["add-cosignature", "missing", "--witness", "missing"], 3),
        (["add-cosignature", "missing", "--witness", "a+b+c"], 3),
        (["checkpoint", "--origin", "two words"], 3),
        (["witness", "init", "w", "--name", "two words"], 3),
        (["witness", "cosign", "request.tlog", "--witness", "nowhere"], 10),
        (["witness", "serve", "nowhere"], 10),
    ],
)
def test_mistakes_end_with_their_code(run: Run, given: list[str], code: int) -> None:
    found, printed, told = run(*given)
    assert found == code, told
    assert "Traceback" not in told + printed


def test_a_damaged_export_ends_with_1(run: Run) -> None:
    run("export", "out")
    [path] = Path("out/tile/0").rglob("*.p/*")
    path.write_bytes(bytes(path.stat().st_size))
    assert run("verify", "out")[0] == 1


def test_an_export_whose_file_of_stations_was_changed_ends_with_1(run: Run) -> None:
    run("export", "out")
    assert run("verify", "out")[0] == 0
    path = Path("out/stations")
    name, key = path.read_text().split()
    changed = f"{key[:-1]}{int(key[-1], 16) ^ 1:x}"
    path.write_text(f"{name} {changed}\n")
    for asked in ([], ["--signatures"]):
        code, printed, _ = run("verify", "out", *asked)
        assert code == 1
        assert f"the file of stations names the key {changed} for station {name}" in printed
        assert f"the log itself names {key}" in printed
