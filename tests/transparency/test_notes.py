"""Notes, checkpoints, cosignatures, policies and proof files are those of C2SP, to the byte."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transparency.keys import (
    CHECKPOINT,
    COSIGNER,
    COSIGNER_MLDSA,
    LOG,
    LOG_MLDSA,
    ORIGIN,
    SECONDS,
    WITNESS,
    other_signer,
)
from tests.transparency.test_tree import LEAVES, ROOTS, tree_of

from musterpoint.errors import LogFormatError, NotProven
from musterpoint.transparency.checkpoints import Checkpoint, checkpoint_of
from musterpoint.transparency.note_keys import (
    KeyKind,
    NoteSigner,
    parse_vkey,
    subtree_message,
    valid_signatures,
)
from musterpoint.transparency.notes import Note, NoteSignature, parse_note
from musterpoint.transparency.policies import Policy, parse_policy
from musterpoint.transparency.proof_files import ProofFile, parse_proof_file
from musterpoint.transparency.proofs import inclusion_proof

pytestmark = pytest.mark.no_registry

EIGHT = Checkpoint(ORIGIN, 8, bytes.fromhex(ROOTS[8]))
ONE_WITNESS = Policy((LOG.key,), {"w1": COSIGNER.key}, {}, "w1")


def test_the_example_of_the_specification_verifies() -> None:
    key = parse_vkey("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    field = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    value = b64decode(field)
    note = parse_note(f"This is an example message.\n\n— example.com/foo {field}\n".encode())

    assert note.text == "This is an example message.\n"
    assert note.signatures == (NoteSignature("example.com/foo", value[:4], value[4:]),)
    assert (value[:4].hex(), len(value)) == ("530d903a", 68)
    assert valid_signatures(note, (key,)) == {key: None}


def test_the_published_checkpoint_is_made_again_byte_by_byte() -> None:
    note = Note(EIGHT.text)
    note = note.signed_by(LOG.sign(note.text, SECONDS), COSIGNER.sign(note.text, SECONDS))

    assert note.to_bytes() == CHECKPOINT
    assert parse_note(CHECKPOINT) == note
    assert checkpoint_of(note.text) == EIGHT
    assert LOG.key.vkey == "log.example/movement-1+95550627+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
    assert COSIGNER.key.vkey == "witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM"
    assert parse_vkey(COSIGNER.key.vkey) == COSIGNER.key
    assert sha256(ORIGIN.encode()).hexdigest() == (
        "a1a0cc9baf7b1510f213c1867e832c79c4a2406a420f7104ebc389c01da61dee"
    )
    assert ONE_WITNESS.accept(note).witnesses == {"w1": SECONDS}


def test_the_published_message_of_an_ml_dsa_cosignature() -> None:
    message = subtree_message(WITNESS, EIGHT, SECONDS)

    assert len(message) == 110
    assert sha256(message).hexdigest() == "3ecbb33ba7aa4f2ab18c0d2f3d7f8587e89bb3d13f0ff70e839c41fa57ddabe2"


def test_ml_dsa_signs_as_a_second_line_for_log_and_witness() -> None:
    note = Note(EIGHT.text)
    signers = (LOG, LOG_MLDSA, COSIGNER_MLDSA)
    note = parse_note(note.signed_by(*[one.sign(note.text, SECONDS) for one in signers]).to_bytes())
    policy = Policy((LOG_MLDSA.key,), {"w1": COSIGNER_MLDSA.key}, {}, "w1")

    assert [len(one.signature) for one in note.signatures] == [64, 2428, 2428]
    assert policy.accept(note).witnesses == {"w1": SECONDS}
    assert parse_vkey(LOG_MLDSA.key.vkey) == LOG_MLDSA.key
    other_size = Note(Checkpoint(ORIGIN, 7, bytes.fromhex(ROOTS[7])).text, note.signatures)
    with pytest.raises(NotProven):
        policy.accept(other_size)


@settings(deadline=None)
@given(st.integers(0, len(CHECKPOINT) * 8 - 1))
def test_a_flipped_bit_of_a_checkpoint_is_found(bit: int) -> None:
    data = bytearray(CHECKPOINT)
    data[bit // 8] ^= 1 << bit % 8

    with pytest.raises((LogFormatError, NotProven)):
        ONE_WITNESS.accept(parse_note(bytes(data)))


def test_a_time_beyond_63_bits_is_refused() -> None:
    note = Note(EIGHT.text).signed_by(LOG.sign(EIGHT.text, 0), COSIGNER.sign(EIGHT.text, 2**63))
    with pytest.raises(NotProven):
        ONE_WITNESS.accept(note)


@pytest.mark.parametrize("change", ["cut", "lengthened", "of another time"])
def test_a_known_key_whose_signature_fails_rejects_the_whole_note(change: str) -> None:
    note = parse_note(CHECKPOINT)
    sound = note.signatures[1].signature
    wrong = {"cut": sound[:-1], "lengthened": sound + b"x", "of another time": bytes(8) + sound[8:]}[change]
    bad = NoteSignature(WITNESS, COSIGNER.key.key_id, wrong)

    with pytest.raises(NotProven):
        ONE_WITNESS.accept(Note(note.text, (*note.signatures, bad)))
    # Of an unknown key it is passed over, even if the key shares the name.
    unknown = NoteSignature(WITNESS, b"\x00\x01\x02\x03", wrong)
    assert ONE_WITNESS.accept(Note(note.text, (*note.signatures, unknown)))


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"no signature\n",
        b"text\n\n",
        b"text\n\nsignature\n",
        b"text\n\n- name AAAAAAA=\n",
        "text\n\n— name AAAAAAA=".encode(),
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— name AAAAAAB=\n".encode(),
        "text\n\n— na+me AAAAAAA=\n".encode(),
        "text\n\n— na\u00a0me AAAAAAA=\n".encode(),
        "te\rxt\n\n— name AAAAAAA=\n".encode(),
        "te\x7fxt\n\n— name AAAAAAA=\n".encode(),
        "text\n\n— name AAAAAAA=\n".encode("utf-16"),
        b"text\n\n" + "— name AAAAAAA=\n".encode() * 33,
        b"x" * 200_000,
    ],
)
def test_bytes_that_are_no_note_are_refused(wrong: bytes) -> None:
    with pytest.raises(LogFormatError):
        parse_note(wrong)


def test_the_text_is_parted_at_the_last_empty_line() -> None:
    note = parse_note("a\n\nb\n\n— name AAAAAAA=\n".encode())
    assert note.text == "a\n\nb\n"
    assert note.to_bytes() == "a\n\nb\n\n— name AAAAAAA=\n".encode()


def test_sixteen_signatures_are_read() -> None:
    note = Note(EIGHT.text)
    signers = [other_signer(number) for number in range(1, 17)]
    note = note.signed_by(*[one.sign(note.text, SECONDS) for one in signers])
    assert len(valid_signatures(parse_note(note.to_bytes()), tuple(one.key for one in signers))) == 16


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        "o\n01\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "o\n+1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "o\n9223372036854775808\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "\n1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "o\n1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg\n",
        "o\n1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyh=\n",
        "o\n1\nAAAA\n",
        "o\n0\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n",
        "o\n1\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n",
    ],
)
def test_texts_that_are_no_checkpoint_are_refused(text: str) -> None:
    with pytest.raises(LogFormatError):
        checkpoint_of(text)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "name",
        "name+530d903a",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+",
    ],
)
def test_texts_that_are_no_key_are_refused(wrong: str) -> None:
    with pytest.raises(LogFormatError):
        parse_vkey(wrong)


def signed_by(*signers: NoteSigner) -> Note:
    return Note(EIGHT.text).signed_by(*[one.sign(EIGHT.text, SECONDS) for one in (LOG, *signers)])


def test_a_quorum_of_groups_within_groups() -> None:
    x1, x2, x3, y1, y2 = (other_signer(number) for number in range(1, 6))
    lines = [
        "# two offices",
        f"\tlog {LOG.key.vkey} https://log.example/",
        *(f"witness X{n} {one.key.vkey}" for n, one in enumerate((x1, x2, x3), start=1)),
        "group X 2 X1 X2 X3",
        *(f"witness Y{n}  {one.key.vkey} " for n, one in enumerate((y1, y2), start=1)),
        "group Y any Y1 Y2",
        "",
        "group both all X Y",
        "quorum both",
    ]
    policy = parse_policy("\n".join(lines).encode() + b"\n")

    assert set(policy.accept(signed_by(x1, x3, y2)).witnesses) == {"X1", "X3", "Y2"}
    for too_few in ((), (x1, y1), (x1, x2, x3), (y1, y2)):
        with pytest.raises(NotProven, match="fewer"):
            policy.accept(signed_by(*too_few))
    assert parse_policy(policy.to_bytes()) == policy


def test_a_policy_without_a_quorum_asks_for_the_log_alone() -> None:
    assert Policy((LOG.key,)).accept(signed_by()).witnesses == {}
    with pytest.raises(NotProven, match="not"):
        Policy(()).accept(signed_by())
    with pytest.raises(NotProven):
        Policy((other_signer(1, KeyKind.ED25519).key,)).accept(signed_by())
    with pytest.raises(NotProven):
        ONE_WITNESS.accept(Note(EIGHT.text).signed_by(COSIGNER.sign(EIGHT.text, SECONDS)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum missing\n",
        "quorum none\nquorum none\n",
        "quorum\n",
        "log x\nquorum none\n",
        "witness none {witness}\nquorum none\n",
        "witness a {witness}\nwitness a {log}\nquorum none\n",
        "witness a {witness}\nwitness b {witness}\nquorum none\n",
        "witness a {log}\nquorum none\n",
        "log {log}\nlog {log}\nquorum none\n",
        "group g any\nquorum none\n",
        "group g any a\nwitness a {witness}\nquorum g\n",
        "witness a {witness}\ngroup g 2 a\nquorum g\n",
        "witness a {witness}\ngroup g 0 a\nquorum g\n",
        "witness a {witness}\ngroup g any a a\nquorum g\n",
        "witness a {witness}\ngroup g any a\ngroup h any a\nquorum h\n",
        "quorum none\r\n",
        "unknown line\nquorum none\n",
    ],
)
def test_policies_that_break_a_rule_are_refused(text: str) -> None:
    filled = text.format(log=LOG.key.vkey, witness=COSIGNER.key.vkey)
    with pytest.raises(LogFormatError):
        parse_policy(filled.encode())


def proof_file(index: int) -> ProofFile:
    hashes = inclusion_proof(tree_of(LEAVES), index, 8)
    return ProofFile(index, hashes, parse_note(CHECKPOINT), LEAVES[index])


@pytest.mark.parametrize("index", range(8))
def test_a_proof_file_proves_its_entry_and_no_other(index: int) -> None:
    proof = parse_proof_file(proof_file(index).to_bytes())

    assert proof == proof_file(index)
    assert proof.verify(LEAVES[index], ONE_WITNESS).checkpoint == EIGHT
    with pytest.raises(NotProven):
        proof.verify(LEAVES[index - 1], ONE_WITNESS)


@settings(deadline=None)
@given(st.data())
def test_a_flipped_bit_of_a_proof_file_is_found(data: st.DataObject) -> None:
    plain = ProofFile(5, proof_file(5).hashes, parse_note(CHECKPOINT))
    changed = bytearray(plain.to_bytes())
    bit = data.draw(st.integers(0, len(changed) * 8 - 1), "bit")
    changed[bit // 8] ^= 1 << bit % 8

    with pytest.raises((LogFormatError, NotProven)):
        parse_proof_file(bytes(changed)).verify(LEAVES[5], ONE_WITNESS)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: data.replace(b"@v1", b"@v2"),
        lambda data: data.replace(b"index 5", b"index 05"),
        lambda data: data.replace(b"index 5", b"index 8"),
        lambda data: data.replace(b"index 5\n", b""),
        lambda data: data.replace(b"index 5\n", b"index 5\nAAAA\n"),
        lambda data: data.replace(b"index 5\n", b"index 5\n" + b"A" * 43 + b"=\n" * 70),
        lambda data: data.replace(b"extra ", b"extra =").replace(b"extra =", b"other "),
        lambda data: data.partition(b"\n\n")[0],
        lambda data: data * 10_000,
    ],
)
def test_files_that_are_no_proof_are_refused(change: Callable[[bytes], bytes]) -> None:
    with pytest.raises(LogFormatError):
        parse_proof_file(change(proof_file(5).to_bytes()))
