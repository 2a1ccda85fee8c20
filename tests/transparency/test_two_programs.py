"""The verifier and the rest, which share no code, judge the same policies, notes and proofs alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.transparency.keys import CHECKPOINT, COSIGNER, LOG, SECONDS, other_signer
from tests.transparency.logs import log_of

from musterpoint.errors import LogFormatError, NotProven
from musterpoint.transparency import verifier
from musterpoint.transparency.events import parse_event
from musterpoint.transparency.notes import Note, parse_note
from musterpoint.transparency.policies import parse_policy
from musterpoint.transparency.proofs import inclusion_proof, root_at, verify_inclusion

pytestmark = pytest.mark.no_registry

TEXT = parse_note(CHECKPOINT).text
WITNESSES = [other_signer(number) for number in range(1, 4)]
KEYS = {
    "{log}": LOG.key.vkey,
    "{w0}": COSIGNER.key.vkey,
    **{f"{{w{n}}}": one.key.vkey for n, one in enumerate(WITNESSES, start=1)},
}

names = st.sampled_from(["a", "b", "c", "g", "h", "none"])
lines = st.one_of(
    st.sampled_from(["log {log}", "# words", "", " \t", "log", "quorum", "unknown"]),
    st.builds("witness {} {}".format, names, st.sampled_from(sorted(KEYS))),
    st.builds(
        "group {} {} {}".format,
        names,
        st.sampled_from(["any", "all", "0", "1", "2", "x"]),
        st.lists(names, max_size=3).map(" ".join),
    ),
    st.builds("quorum {}".format, names),
)
policies = st.lists(lines, max_size=8).map(lambda chosen: ["log {log}", *chosen, "quorum none"])


def by_the_package(policy: bytes, note: bytes) -> bool:
    try:
        parse_policy(policy).accept(parse_note(note))
    except (LogFormatError, NotProven):
        return False
    return True


def by_the_verifier(policy: bytes, note: bytes) -> bool:
    try:
        verifier.Policy(policy).accept(note)
    except (verifier.Bad, verifier.Unknown):
        return False
    return True


@settings(deadline=None, max_examples=150)
@given(policies, st.sets(st.sampled_from(range(4))))
@example(["log {log}", "witness a {w1}", "group g any a", "quorum g"], {1})
def test_policies_accept_the_same_checkpoints(chosen: list[str], signing: set[int]) -> None:
    text = "".join([f"{line}\n" for line in chosen])
    for place, key in KEYS.items():
        text = text.replace(place, key)
    signers = [(COSIGNER, *WITNESSES)[n] for n in sorted(signing)]
    note = Note(TEXT).signed_by(*[one.sign(TEXT, SECONDS) for one in (LOG, *signers)])

    assert by_the_verifier(text.encode(), note.to_bytes()) == by_the_package(text.encode(), note.to_bytes())


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_damaged_checkpoints_are_refused_by_both(data: st.DataObject) -> None:
    policy = f"log {LOG.key.vkey}\nwitness a {COSIGNER.key.vkey}\nquorum a\n".encode()
    changed = bytearray(CHECKPOINT)
    for _ in range(data.draw(st.integers(1, 3), "changes")):
        place = data.draw(st.integers(0, len(changed) - 1), "place")
        part = data.draw(st.sampled_from([b"", b"\n", b"\n\n", b"A", "\u2014 ".encode(), b" "]), "by")
        changed[place : place + 1] = part
    assert by_the_verifier(policy, bytes(changed)) == by_the_package(policy, bytes(changed))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_entries_are_events_to_both_or_to_none(data: st.DataObject) -> None:
    entry = bytearray(log_of(9).all[data.draw(st.integers(0, 8), "entry")])
    place = data.draw(st.integers(0, len(entry) - 1), "place")
    parts = [
        b"",
        b'"',
        b"\\",
        b"0",
        b"\xc3\xa9",
        b"e\xcc\x81",
        b"\x7f",
        b"\xff",
        b"\xed\xa0\x80",
        b" ",
        b"Z",
        b'\\"',
        b"\\n",
    ]
    entry[place : place + 1] = data.draw(st.sampled_from(parts), "by")
    is_event = verifier.event_in(bytes(entry)) is not None
    try:
        parse_event(bytes(entry))
    except LogFormatError:
        assert not is_event
    else:
        assert is_event


@settings(deadline=None, max_examples=150)
@given(st.integers(1, 300), st.data())
def test_inclusion_is_judged_alike(size: int, data: st.DataObject) -> None:
    log = log_of(300)
    index = data.draw(st.integers(0, size - 1), "index")
    proof = list(inclusion_proof(log, index, size))
    claimed = data.draw(st.sampled_from([index, index + 1, size, 0]), "claimed")
    if data.draw(st.booleans(), "is cut"):
        proof = proof[:-1]
    leaf = log.tile(0, index // 256)[index % 256 * 32 :][:32]
    root = root_at(log, size)
    verifiers: list[Callable[..., None]] = [verify_inclusion, verifier.insist_on_inclusion]
    verdicts = set()
    for verify in verifiers:
        try:
            verify(leaf, claimed, size, proof, root)
            verdicts.add("holds")
        except (NotProven, verifier.Bad):
            verdicts.add("bad")
    assert len(verdicts) == 1
