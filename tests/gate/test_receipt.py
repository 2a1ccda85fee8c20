"""The receipt: what a person may take along. It proves the count, and tells nothing to whoever finds it."""

from __future__ import annotations

import base64
import dataclasses
import re

import pytest
from tests.conftest import record, smudged_png
from tests.workflows.requests import screening

from musterpoint.depiction.receipt import SQUARE_BYTES_MAX
from musterpoint.depiction.receipt_texts import RECEIPT_TEXTS
from musterpoint.errors import Conflict, RoleMissing, UnusableInput
from musterpoint.registry import NotCapturedReason
from musterpoint.registry.biographic import Biography
from musterpoint.transparency.checkpoints import checkpoint_of
from musterpoint.transparency.policies import Policy
from musterpoint.transparency.proof_files import parse_proof_file
from musterpoint.workflows.children import Told
from musterpoint.workflows.receipts import make_receipt, square_of
from musterpoint.workflows.screening import screen
from musterpoint.workflows.station import Station
from musterpoint.workflows.transparency import log_keys, sign_checkpoint


def _policy(station: Station) -> Policy:
    return Policy(log_keys(station), {}, {}, "none")


def test_the_proof_on_the_page_shows_that_the_visit_was_counted(station: Station) -> None:
    outcome = screen(station, screening(reason=NotCapturedReason.REFUSED))
    receipt = make_receipt(station, outcome.encounter)

    [encoded] = re.findall(r"octet-stream;base64,([A-Za-z0-9+/=]+)", receipt.html)
    proof = parse_proof_file(base64.b64decode(encoded))
    assert proof == receipt.proof
    proof.verify(proof.extra, _policy(station))
    with station.database.read() as snapshot:
        line = snapshot.journal(since=proof.index, limit=1)[0]
    assert line.kind == "outcome"
    assert outcome.encounter in line.body


def test_a_receipt_says_neither_who_it_is_nor_what_was_found(station: Station) -> None:
    told = Told(biography=Biography(name="Canary Name", born="1980-02-29"))
    screen(station, screening(record(1)))
    for request in (screening(record(1, number=2)), screening(record(2))):
        outcome = screen(station, dataclasses.replace(request, told=told))
        page = make_receipt(station, outcome.encounter, tuple(RECEIPT_TEXTS)).html
        text = re.sub(r"<svg.*?</svg>|base64,[^\"]+|<style>.*?</style>", "", page, flags=re.DOTALL)
        for word in ("Canary", "1980-02-29", "known", "being decided", "cleared", outcome.encounter):
            assert word not in text


def test_a_proof_does_not_tell_how_many_lines_came_of_the_visit(station: Station) -> None:
    """A case and its pairs are lines as well."""
    screen(station, screening(record(1)))
    for request in (screening(record(1, number=2)), screening(smudged_png(3)), screening(record(4))):
        outcome = screen(station, request)
        proof = make_receipt(station, outcome.encounter).proof

        assert checkpoint_of(proof.checkpoint.text).size == proof.index + 1
        proof.verify(proof.extra, _policy(station))
    later = checkpoint_of(sign_checkpoint(station).text)
    assert later.size > proof.index + 1, "and what follows is signed as ever"


def test_the_code_on_the_receipt_finds_the_visit(station: Station) -> None:
    outcome = screen(station, screening(record(1)))
    receipt = make_receipt(station, outcome.encounter)

    assert re.fullmatch("(?:[0-9a-f]{4}-){2}[0-9a-f]{4}", receipt.code)
    assert receipt.code in receipt.html
    with station.database.read() as snapshot:
        assert str(snapshot.find_encounter(receipt.code)) == outcome.encounter


def test_each_language_has_a_sheet_in_its_direction(station: Station) -> None:
    outcome = screen(station, screening(record(1)))
    page = make_receipt(station, outcome.encounter, ("ar", "en")).html

    assert [*re.findall(r'class="sheet" lang="(\w+)" dir="(\w+)"', page)] == [("ar", "rtl"), ("en", "ltr")]
    assert page.count("<svg") == 2
    assert "://" not in page.replace("http://www.w3.org/2000/svg", "")
    with pytest.raises(UnusableInput, match="en, ar, fr, uk"):
        make_receipt(station, outcome.encounter, ("tlh",))


def test_the_square_holds_a_proof_as_long_as_it_can_be_read(station: Station) -> None:
    outcome = screen(station, screening(record(1)))
    proof = make_receipt(station, outcome.encounter).proof

    square = square_of("code", proof)
    _, _, rest = square.partition(b"\nleaf ")
    short = parse_proof_file(rest.split(b"\n", 1)[1])
    short.verify(proof.extra, _policy(station))
    assert len(square) <= SQUARE_BYTES_MAX
    long = dataclasses.replace(proof, hashes=proof.hashes * 40)
    assert len(square_of("code", long)) < 400


def test_only_those_who_may_make_receipts_and_only_of_people_at_a_gate(station: Station) -> None:
    outcome = screen(station, screening(record(1)))

    with pytest.raises(RoleMissing):
        make_receipt(station.acting_as("practice-adjudicator"), outcome.encounter)


def test_a_record_of_a_collection_has_no_receipt(station: Station) -> None:
    from musterpoint.identifiers import RequestId, new_uuid
    from musterpoint.workflows.capturing import Submission
    from musterpoint.workflows.enrolment import EnrolmentRequest, enrol

    loaded = enrol(
        station,
        EnrolmentRequest(
            request_id=RequestId(new_uuid()),
            submissions=(Submission(name="file", data=record(1)),),
            gallery="earlier",
            source_record="1",
        ),
    )

    with pytest.raises(Conflict):
        make_receipt(station, loaded.encounter)


def test_every_language_says_everything() -> None:
    for texts in RECEIPT_TEXTS.values():
        assert all(dataclasses.astuple(texts))
        assert "{entry}" in texts.proof
        assert "{log}" in texts.proof
