"""The verifier finds whatever was done to an exported log, says what it could not check, and stands alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.transparency.keys import COSIGNER, COSIGNER_MLDSA, LOG, LOG_MLDSA, SECONDS
from tests.transparency.logs import KEYS, POLICY, STATIONS, Log, export, log_of, provisioned, resigned

from musterpoint.transparency import verifier
from musterpoint.transparency.events import FIRST_PREV
from musterpoint.transparency.hashing import leaf_hash, node_hash
from musterpoint.transparency.notes import Note
from musterpoint.transparency.policies import Policy
from musterpoint.transparency.proof_files import ProofFile
from musterpoint.transparency.proofs import inclusion_proof
from musterpoint.transparency.publishing import Opening, bundle
from musterpoint.transparency.tiles import path_of

pytestmark = pytest.mark.no_registry

SIZE = 300
"""Entries: one full tile, one partial, and a tile above them."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported log; no test writes to it."""
    folder = export(log_of(SIZE), tmp_path_factory.mktemp("log"), earlier=(7, 256))
    (folder.parent / "mine").write_bytes(POLICY.to_bytes())
    return folder


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return Path(shutil.copytree(sound, tmp_path / "log"))


def judged(folder: Path, *more: str) -> verifier.Report:
    options = verifier.arguments().parse_args([str(folder), "--signatures", *more])
    return verifier.Verification(options).run()


def test_a_sound_log_holds_and_what_was_not_checked_is_said(sound: Path) -> None:
    report = judged(sound)

    assert (report.exit_code, report.bad) == (0, [])
    assert "every event is signed by its station, of 3" in report.holds
    assert any("300 entries" in one for one in report.holds)
    assert any("policy came with the log" in one for one in report.not_checked)
    assert any("no earlier checkpoint" in one for one in report.not_checked)
    own = judged(sound, "--policy", str(sound.parent / "mine"), "--earlier", str(sound / "checkpoints/7"))
    assert own.exit_code == 0
    assert own.not_checked == [
        "whose hands the keys of the stations are in",
        "that the log itself says the keys of 3 stations",
    ]


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_the_files_it_ends_with_a_code(
    sound: Path, tmp_path: Path, data: st.DataObject
) -> None:
    names = ["checkpoint", "policy", "openings", "stations", "tile/0/000", "tile/entries/000"]
    path = sound / data.draw(st.sampled_from(names), "file")
    whole = path.read_bytes()
    begin = data.draw(st.integers(0, len(whole)), "begin")
    part = data.draw(st.binary(max_size=30) | st.sampled_from([b"[" * 9000, b"\xff\n", b"9" * 5000]), "part")
    changed = whole[:begin] + part + whole[begin + data.draw(st.integers(0, 30), "lost") :]
    path.write_bytes(changed)
    (tmp_path / "some.tlog-proof").write_bytes(changed)
    try:
        assert judged(sound, "--proof", str(tmp_path / "some.tlog-proof")).exit_code in {1, 2}
    finally:
        path.write_bytes(whole)


def test_names_that_are_no_text_are_written_all_the_same(
    sound: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy"
    lines = POLICY.to_bytes().replace(b"w1 ", b"w\xff ").replace(b"quorum w1", b"quorum w\xff")
    policy.write_bytes(lines)
    assert verifier.main([str(sound), "--policy", str(policy)]) == 0
    assert "\\udcff" in capsys.readouterr().out


def files_of(folder: Path) -> list[str]:
    """Files whose every byte counts: all but the policy, which is whoever verifies' own."""
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return [name for name in found if name != "policy"]


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_is_found(sound: Path, data: st.DataObject) -> None:
    path = sound / data.draw(st.sampled_from(files_of(sound)), "file")
    whole = path.read_bytes()
    bit = data.draw(st.integers(0, len(whole) * 8 - 1), "bit")
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << bit % 8
    path.write_bytes(changed)
    try:
        assert judged(sound).exit_code != 0
    finally:
        path.write_bytes(whole)


@given(st.data())
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_truncation_is_found(sound: Path, data: st.DataObject) -> None:
    names = [name for name in files_of(sound) if name not in {"openings", "stations"}]
    path = sound / data.draw(st.sampled_from(names), "file")
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1), "length")])
    try:
        assert judged(sound).exit_code != 0
    finally:
        path.write_bytes(whole)


def test_only_signatures_follow_the_text_of_a_checkpoint(copy: Path) -> None:
    path = copy / "checkpoint"
    path.write_bytes(path.read_bytes() + b"Everything is fine.\n")
    assert judged(copy).bad == ["a checkpoint has a line that is no signature"]


def test_a_kept_checkpoint_under_another_size_is_found(copy: Path) -> None:
    (copy / "checkpoints").mkdir(exist_ok=True)
    (copy / "checkpoints" / "12").write_bytes((copy / "checkpoint").read_bytes())
    assert judged(copy).bad == [f"earlier checkpoint 12: it is over {SIZE} entries"]


def test_a_file_that_is_no_part_of_the_log_is_named(copy: Path) -> None:
    (copy / "tile" / "entries" / "003").write_bytes(b"Something else.")
    report = judged(copy)
    assert report.exit_code == 0
    assert any("such as tile/entries/003" in one for one in report.not_checked)


def test_a_file_that_was_named_and_is_not_there_says_nothing_of_the_log(sound: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    for name in ("--policy", "--earlier", "--proof"):
        report = judged(sound, name, str(nowhere))
        assert (report.exit_code, report.bad) == (2, [])
        assert any("what nowhere says: it cannot be read" in one for one in report.not_checked)


def test_cut_openings_are_found(copy: Path) -> None:
    path = copy / "openings"
    path.write_bytes(path.read_bytes()[:-20])
    assert judged(copy).bad == ["the file of openings is cut"]


@pytest.mark.parametrize("name", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000"])
def test_a_missing_file_is_found(copy: Path, name: str) -> None:
    (copy / name).unlink()
    report = judged(copy)
    assert report.exit_code == 1
    assert any(Path(name).name in one for one in report.bad)


def test_another_log_in_the_place_of_the_signed_one_is_found(tmp_path: Path) -> None:
    folder = export(Log(9, "another "), tmp_path / "log")
    (folder / "checkpoint").write_bytes(log_of(9).checkpoint(9).to_bytes())
    (folder / "openings").unlink()
    assert judged(folder).bad == ["the entries do not make the root that was signed"]


@given(st.permutations(range(4)))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_entries_in_another_order_are_found(sound: Path, order: list[int]) -> None:
    entries = log_of(SIZE).all[256:]
    moved = [entries[n] for n in order] + entries[4:]
    path = sound / path_of("entries", 1, SIZE - 256)
    whole = path.read_bytes()
    path.write_bytes(bundle(moved))
    try:
        assert judged(sound).exit_code == (0 if moved == entries else 1)
    finally:
        path.write_bytes(whole)


def other(*, name: str = "", change: Callable[[Log], None] = lambda _log: None, count: int = 9) -> Log:
    log = Log(count, name)
    change(log)
    return log


def findings(log: Log, tmp_path: Path, *more: str) -> list[str]:
    """What is bad about a log that its operator signed as it is."""
    report = judged(export(log, tmp_path / "log"), *more)
    assert report.exit_code == 1
    # Openings are made for unchanged logs.
    return [one for one in report.bad if not one.startswith("opening")]


def test_a_lost_event_is_found(tmp_path: Path) -> None:
    def lose(log: Log) -> None:
        log.event(1, "lost")
        log.add(log.event(1, "next"))

    assert findings(other(change=lose), tmp_path) == [f"station {STATIONS[1]} lacks its events 4 to 4"]


def test_a_forked_station_is_found(tmp_path: Path) -> None:
    def fork(log: Log) -> None:
        log.add(resigned(log.last[2], 2, author="somebody else"))

    assert findings(other(change=fork), tmp_path) == [f"station {STATIONS[2]} has two histories from event 3"]


def test_a_broken_chain_is_found(tmp_path: Path) -> None:
    def broken(log: Log) -> None:
        log.add(resigned(log.event(0, "x"), 0, prev="ab" * 32))

    assert findings(other(change=broken), tmp_path) == [
        f"station {STATIONS[0]} has a broken chain at event 4"
    ]


def test_a_clock_that_goes_back_is_found(tmp_path: Path) -> None:
    def back(log: Log) -> None:
        log.add(resigned(log.event(0, "x"), 0, clock=1))

    assert findings(other(change=back), tmp_path) == [
        f"station {STATIONS[0]} has a clock that goes back at event 4"
    ]


def test_a_station_that_begins_in_the_middle_is_found(tmp_path: Path) -> None:
    log = Log()
    log.event(0, "lost")
    log.add(log.event(0, "first"))
    assert findings(log, tmp_path) == [f"station {STATIONS[0]} lacks its events before 2"]


def test_a_second_key_and_a_strange_signature_are_found(tmp_path: Path) -> None:
    def forge(log: Log) -> None:
        forged = resigned(log.event(0, "x"), 1, key=KEYS[1].key_id)
        log.add(forged)

    assert findings(other(change=forge), tmp_path) == ["a station has signed with two keys"]

    def wrong(log: Log) -> None:
        event = log.event(0, "x")
        log.add(resigned(event, 0, author="x"))
        log.all[-1] = log.all[-1].replace(b'"author":"x"', b'"author":"y"')

    log = Log(9)
    wrong(log)
    again = Log()
    for entry in log.all:
        again.all.append(entry)
        again.append(leaf_hash(entry))
    assert findings(again, tmp_path / "second") == ["entry 9 is not signed by its station"]


@pytest.mark.parametrize("key", [0, 1])
def test_the_log_says_by_which_key_a_station_signs(tmp_path: Path, key: int) -> None:
    log = Log()
    said = provisioned(0, key)
    log.add(log.event(0, "", said))
    folder = export(log, tmp_path / "log")
    (folder / "openings").write_bytes(Opening(0, "ops", bytes(32), said).line())
    (folder / "stations").unlink()
    report = judged(folder)
    if key == 0:
        assert report.exit_code == 0
        assert "every event is signed by its station, of 1" in report.holds
    else:
        assert report.bad == [f"station {STATIONS[0]} signs by another key than was said"]


@pytest.mark.parametrize("asked", [[], ["--signatures"]])
@pytest.mark.parametrize("is_added", [False, True])
def test_a_file_of_stations_that_says_another_key_than_the_log_is_found(
    tmp_path: Path, asked: list[str], is_added: bool
) -> None:
    log = Log()
    said = provisioned(0, 0)
    log.add(log.event(0, "", said))
    folder = export(log, tmp_path / "log")
    (folder / "openings").write_bytes(Opening(0, "ops", bytes(32), said).line())
    path = folder / "stations"
    whole = path.read_text()
    key = whole.split()[1]
    other_key = f"{int(key[0], 16) ^ 1:x}{key[1:]}"
    assert verifier.main([str(folder), *asked]) == 0

    # Changed, or in a line of its own before the right one.
    changed = f"{STATIONS[0]} {other_key}\n{whole}" if is_added else whole.replace(key, other_key)
    path.write_text(changed)

    report = verifier.Verification(verifier.arguments().parse_args([str(folder), *asked])).run()
    assert report.exit_code == 1
    [found] = report.bad
    assert all(name in found for name in (STATIONS[0], key, other_key))


def test_a_second_history_is_found_by_an_earlier_checkpoint(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    seen.write_bytes(log_of(7).checkpoint(7).to_bytes())
    report = judged(export(Log(9, "another "), tmp_path / "log"), "--earlier", str(seen))

    assert report.exit_code == 1
    assert any("two histories were signed" in one for one in report.bad)
    assert judged(export(Log(9), tmp_path / "same"), "--earlier", str(seen)).exit_code == 0


def test_a_log_that_was_shortened_is_not_called_sound(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    seen.write_bytes(log_of(9).checkpoint(9).to_bytes())
    report = judged(export(Log(7), tmp_path / "log"), "--earlier", str(seen))

    assert report.exit_code == 2
    assert any("only 7 here" in one for one in report.not_checked)


def test_what_cannot_be_told_is_exit_2(copy: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "policy"
    stranger.write_bytes(b"quorum none\n")
    assert judged(copy, "--policy", str(stranger)).exit_code == 2
    (copy / "stations").unlink()
    assert judged(copy).exit_code == 2
    (copy / "policy").unlink()
    assert judged(copy).exit_code == 2
    (copy / "checkpoint").unlink()
    assert judged(copy, "--policy", str(stranger)).exit_code == 2


def test_too_few_witnesses_are_bad_and_none_is_said(copy: Path, tmp_path: Path) -> None:
    (copy / "checkpoint").write_bytes(log_of(SIZE).checkpoint(SIZE, is_cosigned=False).to_bytes())
    assert judged(copy).bad == ["fewer witnesses have cosigned than the policy asks for"]
    alone = tmp_path / "policy"
    alone.write_bytes(Policy((LOG.key,)).to_bytes())
    report = judged(copy, "--policy", str(alone))
    assert report.exit_code == 0
    assert any("no independent witness" in one for one in report.not_checked)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"quorum x\n",
        b"log a\nquorum none\n",
        b"witness a b\nquorum a\n",
        f"witness a {COSIGNER.key.vkey}\ngroup g 2 a a\nquorum g\n".encode(),
        f"witness a {COSIGNER.key.vkey}\ngroup g 2 a\nquorum g\n".encode(),
        f"witness a {COSIGNER.key.vkey}\ngroup g x a\nquorum g\n".encode(),
        f"witness a {COSIGNER.key.vkey}\ngroup g 1 a\ngroup h 1 a\nquorum g\n".encode(),
    ],
)
def test_a_broken_policy_is_bad(sound: Path, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "policy").write_bytes(text)
    assert judged(sound, "--policy", str(tmp_path / "policy")).exit_code == 1


def test_proof_files_are_verified_with_and_without_the_log(sound: Path, tmp_path: Path) -> None:
    log = log_of(SIZE)

    def proof(index: int, of: Log = log, *, has_entry: bool = True) -> str:
        path = tmp_path / f"{index}.tlog-proof"
        hashes = inclusion_proof(of, index, 290)
        extra = of.all[index] if has_entry else b""
        path.write_bytes(ProofFile(index, hashes, of.checkpoint(290), extra).to_bytes())
        return str(path)

    assert judged(sound, "--proof", proof(3), "--proof", proof(289, has_entry=False)).exit_code == 0
    alone = ["--policy", str(sound / "policy"), "--proof"]
    assert verifier.main([*alone, proof(3)]) == 0
    assert verifier.main([*alone, proof(3, has_entry=False)]) == 2
    assert verifier.main([*alone, proof(3, Log(SIZE, "other "))]) == 0
    assert judged(sound, "--proof", proof(3, Log(SIZE, "other "))).exit_code == 1
    short = ProofFile(0, (leaf_hash(log.all[0]),), log.checkpoint(1), log.all[1])
    (tmp_path / "short").write_bytes(short.to_bytes())
    assert verifier.main([*alone, str(tmp_path / "short")]) == 1
    first, second = leaf_hash(b"1"), leaf_hash(b"2")
    with pytest.raises(verifier.Bad, match="does not lead"):
        verifier.insist_on_inclusion(first, 0, 2, [], first)
    with pytest.raises(verifier.Bad, match="too long"):
        verifier.insist_on_inclusion(second, 0, 1, [first], node_hash(first, second))
    changed = Path(proof(3))
    changed.write_bytes(changed.read_bytes().replace(b"index 3", b"index 4"))
    assert verifier.main([*alone, str(changed)]) == 1


def test_the_policies_of_both_programs_agree(sound: Path) -> None:
    note = (sound / "checkpoint").read_bytes()
    origin, size, root, witnesses = verifier.Policy(POLICY.to_bytes()).accept(note)
    standing = POLICY.accept(log_of(SIZE).checkpoint(SIZE))
    assert (origin, size, root) == (
        standing.checkpoint.origin,
        standing.checkpoint.size,
        standing.checkpoint.root,
    )
    assert witnesses == list(standing.witnesses)


def test_ml_dsa_is_verified(copy: Path, tmp_path: Path) -> None:
    shutil.rmtree(copy / "checkpoints")  # signed by the other key alone
    note = log_of(SIZE).checkpoint(SIZE)
    note = note.signed_by(*[one.sign(note.text, SECONDS) for one in (LOG_MLDSA, COSIGNER_MLDSA)])
    (copy / "checkpoint").write_bytes(note.to_bytes())
    policy = tmp_path / "policy"
    policy.write_bytes(Policy((LOG_MLDSA.key,), {"w": COSIGNER_MLDSA.key}, {}, "w").to_bytes())
    assert judged(copy, "--policy", str(policy)).exit_code == 0
    bad = Note(note.text, tuple(note.signatures[:-1]))
    bad = bad.signed_by(COSIGNER_MLDSA.sign(note.text.replace(f"\n{SIZE}\n", f"\n{SIZE - 1}\n"), SECONDS))
    (copy / "checkpoint").write_bytes(bad.to_bytes())
    assert judged(copy, "--policy", str(policy)).exit_code == 1


def test_parts_found_by_several_processes_are_those_of_one(
    sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = judged(sound)
    monkeypatch.setattr(verifier, "PARALLEL_FROM", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert judged(sound) == alone


def test_the_file_runs_when_it_is_copied_elsewhere(sound: Path, tmp_path: Path) -> None:
    script = tmp_path / "verifier.py"
    shutil.copy(verifier.__file__, script)
    program = (
        "import runpy, sys\n"
        "sys.modules['musterpoint'] = None\n"  # an import of it would fail
        f"sys.argv = ['verifier.py', {str(sound)!r}, '--signatures', '--json']\n"
        f"runpy.run_path({str(script)!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["result"], found["log"]["size"]) == ("holds", SIZE)


def test_an_empty_log_holds(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    folder.mkdir()
    (folder / "checkpoint").write_bytes(Log().checkpoint(0).to_bytes())
    (folder / "policy").write_bytes(POLICY.to_bytes())
    assert judged(folder).exit_code == 0


def test_words_for_a_person(sound: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verifier.main([str(sound)]) == 0
    printed = capsys.readouterr().out
    assert "NOT CHECKED  the signatures of events: ask for them with --signatures" in printed
    assert printed.endswith("Everything that was looked at holds.\n")
    assert FIRST_PREV not in printed
    with pytest.raises(SystemExit) as end:
        verifier.main([])
    assert end.value.code == 2
