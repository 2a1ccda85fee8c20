"""A registry's log: one history is signed, exports hold, witnesses are asked by file and over HTTP."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.registries import REGISTRY, Kept
from tests.transparency.keys import COSIGNER, LOG, SECONDS

from musterpoint.errors import (
    Conflict,
    Corrupt,
    LogFormatError,
    NotFound,
    NotProven,
    Refused,
    Unavailable,
    UnusableInput,
)
from musterpoint.transparency import verifier
from musterpoint.transparency.checkpoints import checkpoint_of
from musterpoint.transparency.event_kinds import EventClass
from musterpoint.transparency.events import entry_id, parse_event
from musterpoint.transparency.note_keys import NoteKey
from musterpoint.transparency.notes import parse_note, parse_signatures
from musterpoint.transparency.policies import Policy
from musterpoint.transparency.proof_files import parse_proof_file
from musterpoint.transparency.witnessing import Witness
from musterpoint.workflows import transparency
from musterpoint.workflows.log_export import export_log
from musterpoint.workflows.station import Station
from musterpoint.workflows.witness_client import ask_for_cosignatures
from musterpoint.workflows.witness_folder import FolderStore, make_witness
from musterpoint.workflows.witness_server import LOOPBACK, WitnessServer


def write_lines(station: Station, count: int = 1) -> int:
    """Lines in the journal; returns its size."""
    with station.database.unit_of_work() as work:
        for number in range(count):
            work.append_journal("searched", {"people": number})
        work.commit()
    with station.database.read() as snapshot:
        return snapshot.log_size()


def judged(folder: Path, *more: str) -> verifier.Report:
    options = verifier.arguments().parse_args([str(folder), "--signatures", *more])
    return verifier.Verification(options).run()


@pytest.fixture
def witness(station: Station, tmp_path: Path) -> Witness:
    return make_witness(
        tmp_path / "witness", "witness.example/w1", Policy(transparency.log_keys(station)), with_mldsa44=False
    )


def keys_of(witness: Witness) -> list[NoteKey]:
    return [one.key for one in witness.signers]


def cosigned(station: Station, witness: Witness) -> int:
    answer = witness.add_checkpoint(transparency.make_request(station).to_bytes(), SECONDS)
    assert answer.status == 200
    return transparency.add_cosignatures(station, answer.body, keys_of(witness))


def test_an_export_holds_and_so_does_a_later_one_in_its_place(station: Station, tmp_path: Path) -> None:
    size = write_lines(station, 300)
    made = export_log(station, tmp_path / "log", opened=frozenset(EventClass))

    assert (made.size, made.openings, made.erased, made.witnesses) == (size, size, 0, ())
    assert judged(tmp_path / "log").bad == []
    shutil.copy(tmp_path / "log/checkpoint", tmp_path / "seen")
    write_lines(station, 300)
    export_log(station, tmp_path / "log")
    report = judged(tmp_path / "log", "--earlier", str(tmp_path / "seen"))
    assert (report.exit_code, report.bad) == (0, [])
    assert report.log["size"] > size + 300
    with station.database.read() as snapshot:
        last = snapshot.journal(since=snapshot.log_size() - 1)[0]
    assert (last.kind, last.author) == ("export.log", "practice-supervisor")


def test_the_same_state_is_signed_once(station: Station) -> None:
    first = transparency.sign_checkpoint(station)
    assert transparency.sign_checkpoint(station) == first
    write_lines(station)
    assert transparency.sign_checkpoint(station) != first


def test_a_registry_that_was_put_back_signs_no_second_history(
    new_station: Callable[[], Station], tmp_path: Path
) -> None:
    station = new_station()
    write_lines(station)
    station.database.close()
    kept = Kept.of(tmp_path / "registry")
    station = new_station()
    write_lines(station, 2)
    transparency.sign_checkpoint(station)
    station.database.close()
    kept.put_back(REGISTRY)

    station = new_station()
    with pytest.raises(Corrupt, match="continues"):
        transparency.sign_checkpoint(station)
    write_lines(station, 5)
    with pytest.raises(Corrupt):
        transparency.make_request(station)


def test_a_station_that_was_renewed_has_another_log(
    new_station: Callable[[], Station], tmp_path: Path
) -> None:
    station = new_station()
    transparency.name_log(station, "log.example/1")
    before = make_witness(tmp_path / "w", "w", Policy(transparency.log_keys(station)), with_mldsa44=False)
    cosigned(station, before)
    station.database.vault.renew_station()
    station.database.close()

    station = new_station()
    size = write_lines(station)
    note = transparency.sign_checkpoint(station)
    assert checkpoint_of(note.text).origin == f"musterpoint/{station.database.vault.station_id().hex}"
    assert transparency.make_request(station).old == 0
    proof = transparency.proof_of(station, 1)
    assert checkpoint_of(proof.checkpoint.text).size == size
    assert proof.verify(proof.extra, Policy(transparency.log_keys(station)))
    export_log(station, tmp_path / "log")
    report = judged(tmp_path / "log")
    assert (report.exit_code, report.bad) == (0, [])
    assert "every event is signed by its station, of 2" in report.holds


def test_a_cosigned_checkpoint_is_published(station: Station, witness: Witness, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        export_log(station, tmp_path / "log", is_cosigned=True)
    size = cosigned(station, witness)
    write_lines(station, 3)
    made = export_log(station, tmp_path / "log", is_cosigned=True)

    assert (made.size, made.witnesses) == (size, ("witness.example/w1",))
    report = judged(tmp_path / "log")
    assert report.log["witnesses"] == ["witness.example/w1"]
    assert report.exit_code == 0
    assert cosigned(station, witness) > size
    later = export_log(station, tmp_path / "later")
    assert (later.witnesses, later.size > size) == (("witness.example/w1",), True)


def test_a_proof_rests_on_a_cosignature_where_there_is_one(station: Station, witness: Witness) -> None:
    size = cosigned(station, witness)
    write_lines(station)
    known = Policy(transparency.log_keys(station), {"w": keys_of(witness)[0]}, {}, "w")

    proof = parse_proof_file(transparency.proof_of(station, size).to_bytes())
    assert proof.verify(proof.extra, known).checkpoint.size == size
    newest = transparency.proof_of(station, size + 1)
    assert checkpoint_of(newest.checkpoint.text).size == size + 1
    with pytest.raises(NotProven):
        newest.verify(newest.extra, known)


def test_lines_are_named_by_position_or_event(station: Station) -> None:
    size = write_lines(station)
    proof = transparency.proof_of(station, size)
    event_id = parse_event(proof.extra).event_id()
    assert transparency.position_of(station, str(size)) == size
    assert transparency.position_of(station, event_id) == size
    assert transparency.position_of(station, event_id[:12]) == size
    for wrong in ("0", str(size + 1), "f" * 64, "nothing", "9" * 5000, "\u00b2"):
        with pytest.raises(NotFound):
            transparency.position_of(station, wrong)


def test_an_event_whose_identifier_begins_with_decimal_digits_alone_is_found(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = write_lines(station)
    named = {parse_event(transparency.proof_of(station, size).extra).event_id(): "123456789012" + 52 * "f"}
    monkeypatch.setattr(transparency, "entry_id", lambda entry: named.get(entry_id(entry), entry_id(entry)))

    assert transparency.position_of(station, "123456789012") == size
    assert transparency.position_of(station, "1") == 1


def test_answers_that_are_no_cosignature_are_refused(station: Station, witness: Witness) -> None:
    request = transparency.make_request(station)
    answer = witness.add_checkpoint(request.to_bytes(), SECONDS).body

    [sound] = parse_signatures(answer.decode())
    changed = replace(sound, signature=sound.signature[:-1] + bytes([sound.signature[-1] ^ 1]))

    with pytest.raises(Conflict, match="--old 7"):
        transparency.add_cosignatures(station, b"7\n", keys_of(witness))
    with pytest.raises(NotProven):
        transparency.add_cosignatures(station, answer, [COSIGNER.key])
    with pytest.raises(NotProven):
        transparency.add_cosignatures(station, changed.line.encode(), keys_of(witness))
    with pytest.raises(LogFormatError):
        transparency.add_cosignatures(station, b"thanks", keys_of(witness))
    with pytest.raises(Conflict):
        transparency.make_request(station, 10**9)


@pytest.fixture
def address(witness: Witness) -> Iterator[str]:
    with WitnessServer(witness, (LOOPBACK, 0)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://{LOOPBACK}:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_a_witness_is_asked_over_http_whatever_it_has_seen(
    station: Station, witness: Witness, address: str
) -> None:
    for _ in range(3):
        write_lines(station)
        # The answer is lost, as with a broken connection: next time the witness has seen more.
        ask_for_cosignatures(station, address)
    write_lines(station)
    size = transparency.add_cosignatures(station, ask_for_cosignatures(station, address), keys_of(witness))
    assert checkpoint_of(transparency.sign_checkpoint(station).text).size == size


def test_a_witness_that_refuses_or_is_away_is_told_apart(station: Station, tmp_path: Path) -> None:
    stranger = Witness((COSIGNER,), (LOG.key,), FolderStore(tmp_path / "stranger"))
    with WitnessServer(stranger, (LOOPBACK, 0)) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(NotProven, match="404"):
            ask_for_cosignatures(station, f"http://{LOOPBACK}:{server.server_address[1]}")
        thread.join()
    with socket.socket() as silent:
        # Nobody else can answer there, and nobody does.
        silent.bind((LOOPBACK, 0))
        with pytest.raises(Unavailable):
            ask_for_cosignatures(station, f"http://{LOOPBACK}:{silent.getsockname()[1]}")
    for wrong in ("file:///etc", "witness", ""):
        with pytest.raises(UnusableInput):
            ask_for_cosignatures(station, wrong)


class _SawAnother(BaseHTTPRequestHandler):
    """Answers as a witness of any make does that has cosigned another history, of a smaller size."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_error(422)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class _SawAnotherOfThisSize(_SawAnother):
    """And of the very size that it is asked to cosign."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        size = parse_note(body.partition(b"\n\n")[2]).text.splitlines()[1].encode() + b"\n"
        self.send_response(409)
        self.send_header("Content-Type", "text/x.tlog.size")
        self.send_header("Content-Length", str(len(size)))
        self.end_headers()
        self.wfile.write(size)


@pytest.mark.parametrize("answers", [_SawAnother, _SawAnotherOfThisSize])
def test_a_witness_that_has_seen_another_history_is_no_common_refusal(
    station: Station, answers: type[BaseHTTPRequestHandler]
) -> None:
    with HTTPServer((LOOPBACK, 0), answers) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        with pytest.raises(NotProven, match="another history"):
            ask_for_cosignatures(station, f"http://{LOOPBACK}:{server.server_address[1]}")
        server.shutdown()


def test_a_log_is_named_before_anything_is_signed(station: Station) -> None:
    transparency.name_log(station, "log.example/movement-1")
    note = transparency.sign_checkpoint(station)

    assert checkpoint_of(note.text).origin == "log.example/movement-1"
    transparency.name_log(station, "log.example/movement-1")
    with pytest.raises(Conflict):
        transparency.name_log(station, "log.example/movement-2")
    with pytest.raises(LogFormatError):
        transparency.name_log(station, "two words")


def test_another_folder_is_never_mixed_with_an_export(station: Station, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "letter").write_text("mine")
    with pytest.raises(UnusableInput):
        export_log(station, folder)
    assert [one.name for one in folder.iterdir()] == ["letter"]


@pytest.mark.parametrize("seat", ["practice-officer", "practice-adjudicator", "practice-transporter"])
def test_who_may_not_export_the_log_is_refused(station: Station, tmp_path: Path, seat: str) -> None:
    acting = station.acting_as(seat)
    for act in (
        lambda: export_log(acting, tmp_path / "log"),
        lambda: transparency.checkpoint(acting),
        lambda: transparency.make_request(acting),
    ):
        with pytest.raises(Refused):
            act()
    assert not (tmp_path / "log").exists()


def test_payloads_of_people_need_the_right_to_export_the_registry(station: Station, tmp_path: Path) -> None:
    observer = station.acting_as("practice-observer")
    assert export_log(observer, tmp_path / "plain", opened=frozenset({EventClass.SETUP})).openings > 0
    with pytest.raises(Refused):
        export_log(observer, tmp_path / "people", opened=frozenset({EventClass.PERSON}))
