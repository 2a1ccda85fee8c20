"""A draft of an agreement: sound as it is, and written so that the parties can read and change it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from musterpoint.clock import Instant, to_text
from musterpoint.identifiers import AgreementId

DAY_US = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftParty:
    """A party of a draft and its public key, 32 bytes."""

    name: str
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a draft is made from; everything else is left to the parties to change in the text.

    purposes  each has a grant of its own; none stands twice
    gallery   that all of them search and enrol in; empty: each has one of its own name
    """

    agreement_id: AgreementId
    name: str
    purposes: Sequence[str]
    gallery: str
    valid_from: Instant
    days: int
    parties: Sequence[DraftParty]


def draft_toml(draft: Draft) -> str:
    """The draft as TOML with a word on each part."""
    until = Instant(draft.valid_from + draft.days * DAY_US)
    roles = '["negotiated", "carried out"]', '["negotiated", "observed"]'
    parties = "".join(
        _PARTY.format(name=_text(one.name), key=one.public_key.hex(), roles=roles[min(number, 1)])
        for number, one in enumerate(draft.parties)
    )
    return _DRAFT.format(
        agreement=draft.agreement_id,
        name=_text(draft.name),
        valid_from=to_text(draft.valid_from),
        valid_until=to_text(until),
        parties=parties,
        grants="".join(_grants(draft)),
        retention="".join(_retention(draft)),
    )


def _grants(draft: Draft) -> Iterator[str]:
    for purpose in draft.purposes:
        yield _GRANT.format(purpose=_text(purpose), gallery=_text(draft.gallery or purpose))


def _retention(draft: Draft) -> Iterator[str]:
    for gallery in [draft.gallery] if draft.gallery else draft.purposes:
        yield _RETENTION.format(gallery=_text(gallery), keep_days=draft.days)


def _text(words: str) -> str:
    # A basic string of TOML is one of JSON.
    return json.dumps(words, ensure_ascii=False)


_PARTY = """\
[[parties]]
name = {name}
office = "Registration office"    # the office that signs, never a person's name; people object there
roles = {roles}      # negotiated, guaranteed, carried out, screened, observed, informed
key = "{key}"
must_acknowledge = true

"""

_GRANT = """\
[[grants]]
purpose = {purpose}
gallery = {gallery}
roles = ["capture officer", "supervisor"]
target_fpir_ppm = 10000               # candidates that chance may produce in a million searches
enrols = true                         # people who are not known are enrolled in this gallery
keeps_images = false                  # true: images are kept, and adjudicators see more than minutiae
no_list = true                        # a capture officer learns known, not known or cannot tell
daily_searches_max = 5000
false_candidates_max_ppm = 50000000   # candidates that chance may produce in a day, in millionths

"""

_RETENTION = """\
[[retention]]
gallery = {gallery}
kept = "encounter"
days = {keep_days}

"""

_DRAFT = """\
# An agreement for musterpoint. Change it together, then: musterpoint agreement add FILE
# Each party then signs it with its own key, or refuses to: musterpoint agreement acknowledge, refuse.

format = 1
agreement = "{agreement}"
version = 1
name = {name}
valid_from = {valid_from}
valid_until = {valid_until}

{parties}\
# What was agreed, item by item; rule: at most, at least, exactly (with value and unit), none, all, stated.
[[terms]]
item = "people screened"
rule = "all"
text = "Everybody who leaves is screened, or an exception is recorded."

[[terms]]
item = "hours on the road"
rule = "at most"
value = 12
unit = "hours"
text = "Nobody travels longer without a halt."

# Who may search which gallery, why, and how carefully. Rates are parts per million.
{grants}\
# How many days something is kept: encounter, images, or ops (pseudonymous facts in the journal).
{retention}\
[screening]
fingers_asked = ["right-index", "left-index"]
impressions_asked = 1                 # 2: each finger twice; far fewer people are missed later
reasons_required = false              # true: what is asked and not captured needs a reason
age_min = 5                           # years; younger children give no fingerprint
carer_below = 18                      # years; younger people travel with a named carer
second_person = ["failed capture", "exempt", "refused"]
confirmed_by_key = ["cleared", "denied", "correction", "count", "second"]
one_opinion_suffices = false          # true: one adjudicator decides, provisionally

[[screening.baselines]]
rate = "failed capture"
usual_ppm = 20000
"""
