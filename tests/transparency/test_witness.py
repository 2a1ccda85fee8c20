"""A witness cosigns one history of a log, whoever asks in whatever order, and says why not."""

from __future__ import annotations

import http.client
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transparency.keys import COSIGNER, COSIGNER_MLDSA, LOG, ORIGIN, SECONDS, other_signer
from tests.transparency.test_tree import numbered, tree_of

from musterpoint.errors import Conflict, LogFormatError, NotFound
from musterpoint.transparency.checkpoints import Checkpoint, checkpoint_of
from musterpoint.transparency.hashing import EMPTY_ROOT
from musterpoint.transparency.note_keys import KeyKind, NoteSigner
from musterpoint.transparency.notes import Note, parse_note, parse_signatures
from musterpoint.transparency.policies import Policy
from musterpoint.transparency.proofs import consistency_proof, root_at
from musterpoint.transparency.tiles import Tree
from musterpoint.transparency.witnessing import Answer, Witness, WitnessRequest, origin_digest
from musterpoint.workflows.witness_folder import FolderStore, make_witness, open_witness, trust_log
from musterpoint.workflows.witness_server import LOOPBACK, WitnessServer

pytestmark = pytest.mark.no_registry

TREE = tree_of(numbered(40))
OTHER = tree_of([b"another history", *numbered(39)])


def note_of(size: int, tree: Tree = TREE, signer: NoteSigner = LOG, origin: str = ORIGIN) -> Note:
    text = Checkpoint(origin, size, root_at(tree, size)).text
    return Note(text).signed_by(signer.sign(text, SECONDS))


def request(old: int, new: int, tree: Tree = TREE) -> bytes:
    return WitnessRequest(old, consistency_proof(tree, old, new), note_of(new, tree)).to_bytes()


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness((COSIGNER,), (LOG.key,), FolderStore(tmp_path))


def answers(witness: Witness, *bodies: bytes) -> list[tuple[int, bytes]]:
    found = [witness.add_checkpoint(body, SECONDS) for body in bodies]
    return [(one.status, one.body) for one in found]


def test_a_log_that_grows_is_cosigned_at_each_step(witness: Witness) -> None:
    for old, new in ((0, 3), (3, 8), (8, 8), (8, 40)):
        answer = witness.add_checkpoint(request(old, new), SECONDS)

        assert answer.status == 200
        signatures = parse_signatures(answer.body.decode())
        assert COSIGNER.key.verify(note_of(new).text, signatures[0].signature) == SECONDS
        stored = witness.store.published(origin_digest(ORIGIN))
        assert stored is not None
        assert checkpoint_of(parse_note(stored).text).size == new


def test_both_algorithms_cosign(tmp_path: Path) -> None:
    both = Witness((COSIGNER, COSIGNER_MLDSA), (LOG.key,), FolderStore(tmp_path))
    signatures = parse_signatures(both.add_checkpoint(request(0, 3), SECONDS).body.decode())
    policy = Policy((LOG.key,), {"a": COSIGNER.key, "b": COSIGNER_MLDSA.key}, {}, "b")
    assert policy.accept(note_of(3).signed_by(*signatures)).witnesses == {"a": SECONDS, "b": SECONDS}


def test_every_refusal_has_its_status(witness: Witness) -> None:
    unknown = WitnessRequest(0, (), note_of(3, origin="log.example/other")).to_bytes()
    foreign = WitnessRequest(0, (), note_of(3, signer=other_signer(1, KeyKind.ED25519))).to_bytes()
    tampered = request(0, 3).replace(b"\n3\n", b"\n4\n")
    proof_for_nothing = WitnessRequest(0, (EMPTY_ROOT,), note_of(3)).to_bytes()
    empty_with_root = (
        b"old 0\n\n"
        + Note(f"{ORIGIN}\n0\n{b64encode(bytes(32)).decode()}\n")
        .signed_by(LOG.sign(f"{ORIGIN}\n0\n{b64encode(bytes(32)).decode()}\n", SECONDS))
        .to_bytes()
    )
    assert [status for status, _ in answers(witness, unknown, foreign, tampered, proof_for_nothing)] == [
        404,
        403,
        403,
        422,
    ]
    assert answers(witness, empty_with_root)[0][0] in {400, 422}
    assert answers(witness, request(0, 0))[0][0] == 200
    assert answers(witness, request(0, 5))[0][0] == 200
    later = [
        (WitnessRequest(6, (), note_of(5)).to_bytes(), 400),
        (request(0, 8), 409),
        (request(4, 8), 409),
        (WitnessRequest(5, (), note_of(8)).to_bytes(), 422),
        (WitnessRequest(5, (EMPTY_ROOT,), note_of(5)).to_bytes(), 422),
        (request(5, 5, OTHER), 422),
        (request(5, 8, OTHER), 422),
    ]
    for body, status in later:
        assert witness.add_checkpoint(body, SECONDS).status == status
    conflict = witness.add_checkpoint(request(0, 8), SECONDS)
    assert (conflict.body, conflict.content_type) == (b"5\n", "text/x.tlog.size")
    assert answers(witness, request(5, 8))[0][0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n",
        b"old 00\n\n" + note_of(3).to_bytes(),
        b"old -1\n\n" + note_of(3).to_bytes(),
        b"old 9223372036854775808\n\n" + note_of(3).to_bytes(),
        b"new 0\n\n" + note_of(3).to_bytes(),
        b"old 0\nAAAA\n\n" + note_of(3).to_bytes(),
        b"old 0\n" + b"A" * 43 + b"=\n\n",
        b"old 0\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + note_of(3).to_bytes(),
        b"old 0\n\n" + b"\xff" * 1000,
        b"\x00" * 300_000,
    ],
)
def test_bodies_that_are_no_request_are_answered_with_400(witness: Witness, body: bytes) -> None:
    assert witness.add_checkpoint(body, SECONDS).status == 400


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 12)), max_size=12))
@settings(max_examples=50, deadline=None)
def test_whatever_is_asked_one_history_is_cosigned(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[bool, int, int]]
) -> None:
    witness = Witness((COSIGNER,), (LOG.key,), FolderStore(tmp_path_factory.mktemp("witness")))
    cosigned: list[tuple[int, bytes]] = []
    for is_other, old, new in asked:
        tree = OTHER if is_other else TREE
        if old <= new and witness.add_checkpoint(request(old, new, tree), SECONDS).status == 200:
            cosigned.append((new, root_at(tree, new)))

    assert cosigned == sorted(cosigned, key=lambda one: one[0])
    one_of_both = [all(root == root_at(tree, size) for size, root in cosigned) for tree in (TREE, OTHER)]
    assert any(one_of_both)


def test_racing_requests_never_take_a_witness_back(witness: Witness) -> None:
    witness.add_checkpoint(request(0, 1), SECONDS)
    sizes = list(range(2, 14))
    start = threading.Barrier(len(sizes))
    found: list[Answer] = []

    def ask(size: int) -> None:
        start.wait()
        found.append(witness.add_checkpoint(request(1, size), SECONDS))

    threads = [threading.Thread(target=ask, args=(size,)) for size in sizes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.status for one in found) == [200] + [409] * (len(sizes) - 1)


def test_a_witness_in_a_folder_keeps_its_keys_and_its_memory(tmp_path: Path) -> None:
    folder = tmp_path / "witness"
    made = make_witness(folder, "witness.example/w1", Policy((LOG.key,)))
    assert made.add_checkpoint(request(0, 3), SECONDS).status == 200
    again = open_witness(folder)

    assert [one.key for one in again.signers] == [one.key for one in made.signers]
    assert again.add_checkpoint(request(0, 8), SECONDS).body == b"3\n"
    assert {path.stat().st_mode & 0o077 for path in folder.rglob("*")} == {0}
    with pytest.raises(Conflict):
        make_witness(folder, "witness.example/w1", Policy())
    stranger = other_signer(9, KeyKind.ED25519)
    trust_log(folder, stranger.key)
    assert set(open_witness(folder).logs) == {LOG.key, stranger.key}


def test_a_folder_without_a_sound_witness_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        open_witness(tmp_path)
    with pytest.raises(LogFormatError):
        make_witness(tmp_path, "two words", Policy())
    make_witness(tmp_path, "w", Policy(), with_mldsa44=False)
    (tmp_path / "key.pem").write_text("no key")
    with pytest.raises(LogFormatError):
        open_witness(tmp_path)


@pytest.fixture
def server(witness: Witness) -> Iterator[WitnessServer]:
    with WitnessServer(witness, (LOOPBACK, 0)) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def ask(server: WitnessServer, method: str, path: str, body: bytes = b"", length: str = "") -> Answer:
    connection = http.client.HTTPConnection(LOOPBACK, server.server_address[1], timeout=100)
    try:
        connection.request(method, path, body, {"Content-Length": length} if length else {})
        found = connection.getresponse()
        return Answer(found.status, found.read(), found.headers["Content-Type"])
    finally:
        connection.close()


def test_http_carries_the_same_bytes_as_files(server: WitnessServer, tmp_path: Path) -> None:
    on_a_stick = Witness((COSIGNER,), (LOG.key,), FolderStore(tmp_path / "stick"))
    for body in (request(0, 3), request(0, 8), b"nonsense", request(3, 8)):
        by_file = on_a_stick.add_checkpoint(body, SECONDS)
        by_http = ask(server, "POST", "/add-checkpoint", body)

        assert (by_http.status, by_http.content_type) == (by_file.status, by_file.content_type)
        if by_http.status != 200:
            assert by_http.body == by_file.body
    published = ask(server, "GET", f"/{origin_digest(ORIGIN)}/checkpoint")
    assert published.status == 200
    assert Policy((LOG.key,), {"w": COSIGNER.key}, {}, "w").accept(parse_note(published.body))


def test_http_refuses_what_is_not_asked_for(server: WitnessServer) -> None:
    assert ask(server, "GET", "/").status == 404
    assert ask(server, "GET", f"/{origin_digest(ORIGIN)}/checkpoint").status == 404
    assert ask(server, "GET", "/../../etc/checkpoint").status == 404
    assert ask(server, "POST", "/other", request(0, 3)).status == 404
    assert ask(server, "POST", "/add-checkpoint", length="300000").status == 413
    assert ask(server, "POST", "/add-checkpoint", length="9" * 5000).status == 413
    assert ask(server, "POST", "/add-checkpoint", length="-1").status == 411
    assert ask(server, "PUT", "/add-checkpoint").status == 501


def test_a_witness_that_lost_its_memory_cosigns_nothing(
    server: WitnessServer, witness: Witness, tmp_path: Path
) -> None:
    assert ask(server, "POST", "/add-checkpoint", request(0, 3)).status == 200
    [kept] = (tmp_path / "state").glob("*/checkpoint")
    kept.write_bytes(b"damaged")
    assert ask(server, "POST", "/add-checkpoint", request(3, 8)).status == 500
    with pytest.raises(LogFormatError):
        witness.add_checkpoint(request(0, 8), SECONDS)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_is_sent_is_answered_and_only_what_holds_is_cosigned(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    witness = Witness((COSIGNER,), (LOG.key,), FolderStore(tmp_path_factory.mktemp("witness")))
    witness.add_checkpoint(request(0, 5), SECONDS)
    body = bytearray(request(5, 20))
    for _ in range(data.draw(st.integers(1, 3), "changes")):
        place = data.draw(st.integers(0, len(body) - 1), "place")
        body[place : place + 1] = data.draw(st.binary(max_size=3) | st.just(b"\n"), "by")
    answer = witness.add_checkpoint(bytes(body), SECONDS)

    assert answer.status in {200, 400, 403, 404, 409, 422}
    if answer.status == 200:
        [signature] = parse_signatures(answer.body.decode())
        COSIGNER.key.verify(note_of(20).text, signature.signature)
