"""Agreements: who may search which gallery for which purpose until when, and what each party says to it.

An agreement is a document of which every party holds the same bytes: canonical JSON (RFC 8785), without
fractions, so that every language makes the same digest of it. A party acknowledges a version, or refuses
to, by signing that digest with its own key. An agreement is live while its dates hold and every party
whose acknowledgement it asks for has given it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from musterpoint.clock import Instant
from musterpoint.identifiers import AgreementId
from musterpoint.registry.retention import RetentionRule
from musterpoint.registry.seats import PRACTICE_PARTY, Role

ANY: Final = "*"
"""Any purpose, or any gallery that is marked for practice; only the practice agreement says so."""

PRACTICE_AGREEMENT: Final = AgreementId(UUID("00000000-0000-8000-8000-000000000001"))
"""The agreement over synthetic people with which every registry begins."""

PRACTICE_GALLERY: Final = "screening"
"""The gallery with which every registry begins; it is for practice."""

PART_PER_MILLION: Final = 1_000_000


class PartyRole(StrEnum):
    """What a party had to do with the agreement."""

    NEGOTIATED = "negotiated"
    GUARANTEED = "guaranteed"
    CARRIED_OUT = "carried out"
    SCREENED = "screened"
    OBSERVED = "observed"
    INFORMED = "informed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party, which signs by an office and never by a person's name.

    public_key    32 bytes, Ed25519
    must_acknowledge  the agreement is not live without its acknowledgement
    """

    name: str
    office: str
    roles: tuple[PartyRole, ...]
    public_key: bytes
    must_acknowledge: bool = True


class TermRule(StrEnum):
    """How a term is checked against what happened."""

    AT_MOST = "at most"
    AT_LEAST = "at least"
    EXACTLY = "exactly"
    NONE = "none"
    ALL = "all"
    STATED = "stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One thing that was agreed, as an item that can be kept, breached or left open.

    item   what it is about, as in `hours`, `weapons`, `people excluded`, `escort`, `pay`, `hostages`
    value  the number of an `at most`, `at least` or `exactly`; None for the others
    text   the words of the parties
    """

    item: str
    rule: TermRule
    text: str
    value: int | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The right of some roles to search one gallery for one purpose.

    target_fpir_ppm           candidates that chance may produce in a million searches
    enrols                    people who are not known are enrolled in this gallery
    keeps_images              impressions are kept beside their templates
    no_list                   a capture officer learns known, not known or cannot tell, and nothing else
    daily_searches_max        searches in a day (UTC); 0 sets no limit
    false_candidates_max_ppm  candidates that chance may produce in a day, in millionths; 0 sets no limit
    """

    purpose: str
    gallery: str
    roles: frozenset[Role]
    target_fpir_ppm: int
    enrols: bool = False
    keeps_images: bool = False
    no_list: bool = True
    daily_searches_max: int = 0
    false_candidates_max_ppm: int = 0

    def covers(self, purpose: str, role: Role | None) -> bool:
        """Whether it is for a purpose, and lets a role search for it; None asks for no role."""
        return self.purpose in {ANY, purpose} and (role is None or role in self.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The rate that is usual at a site, in millionths; an alarm compares with it."""

    rate: str
    usual_ppm: int
    site: str = ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningRules:
    """How people are screened.

    fingers_asked         labels such as `right-index`, in the order in which they are asked
    impressions_asked     how often each of them is captured, 1 or 2
    reasons_required      a finger, or second impression, that is asked and not captured needs a reason
    age_min               years below which no fingerprint is taken
    carer_below           years below which a carer has to be named
    second_person         outcomes and decisions that a second person confirms
    confirmed_by_key      records that carry the signature of the seat that made them
    one_opinion_suffices  one adjudicator decides provisionally
    appeal_stays          while an appeal is open, what follows from the earlier decision rests
    baselines             usual rates, for alarms
    """

    fingers_asked: tuple[str, ...] = ("right-index", "left-index")
    impressions_asked: int = 1
    reasons_required: bool = False
    age_min: int = 5
    carer_below: int = 18
    second_person: frozenset[str] = frozenset()
    confirmed_by_key: frozenset[str] = frozenset({"cleared", "denied", "correction", "count", "second"})
    one_opinion_suffices: bool = False
    appeal_stays: bool = True
    baselines: tuple[Baseline, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementVersion:
    """One version of an agreement, as the parties sign it."""

    agreement_id: AgreementId
    version: int
    name: str
    valid_from: Instant
    valid_until: Instant
    parties: tuple[Party, ...]
    terms: tuple[Term, ...]
    grants: tuple[Grant, ...]
    retention: tuple[RetentionRule, ...]
    screening: ScreeningRules = field(default_factory=ScreeningRules)

    @property
    def is_practice(self) -> bool:
        """Whether it is the agreement over synthetic people."""
        return self.agreement_id == PRACTICE_AGREEMENT

    def party(self, name: str) -> Party | None:
        """The party of a name, or None."""
        return next((one for one in self.parties if one.name == name), None)

    def galleries(self) -> frozenset[str]:
        """Every gallery that a grant names."""
        return frozenset(one.gallery for one in self.grants)

    def purposes(self) -> tuple[str, ...]:
        """Every purpose that a grant names, in their order."""
        return tuple(dict.fromkeys(one.purpose for one in self.grants))


class AnswerKind(StrEnum):
    """What a party says to a version."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyAnswer:
    """What a party said to a version, signed with its own key.

    digest     hexadecimal SHA-256 of the version's document
    statement  the party's own words; may be empty where it acknowledges
    signature  64 bytes, Ed25519 over `signed_bytes`
    """

    agreement_id: AgreementId
    version: int
    digest: str
    party: str
    answer: AnswerKind
    statement: str
    signature: bytes


class AgreementState(StrEnum):
    """Where an agreement stands at a moment."""

    UNSIGNED = "waits for acknowledgements"
    REFUSED = "refused by a party"
    NOT_YET = "not valid yet"
    LIVE = "live"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One version of an agreement as the registry holds it, and what the parties last answered to it."""

    version: AgreementVersion
    digest: str
    answers: tuple[PartyAnswer, ...]
    ended_at: Instant | None = None

    @property
    def agreement_id(self) -> AgreementId:
        """Its identifier, the same for all versions."""
        return self.version.agreement_id

    def outstanding(self) -> tuple[str, ...]:
        """Parties whose acknowledgement is asked for and not given."""
        given = {one.party for one in self.answers if one.answer is AnswerKind.ACKNOWLEDGED}
        return tuple(
            one.name for one in self.version.parties if one.must_acknowledge and one.name not in given
        )

    def state(self, now: Instant) -> AgreementState:
        """Where it stands; being ended or expired weighs more than missing signatures."""
        if self.ended_at is not None and now >= self.ended_at:
            return AgreementState.ENDED
        if now >= self.version.valid_until:
            return AgreementState.EXPIRED
        if outstanding := self.outstanding():
            refused = {one.party for one in self.answers if one.answer is AnswerKind.REFUSED}
            return AgreementState.REFUSED if refused & set(outstanding) else AgreementState.UNSIGNED
        return AgreementState.LIVE if now >= self.version.valid_from else AgreementState.NOT_YET

    def is_live(self, now: Instant) -> bool:
        """Whether it allows anything now."""
        return self.state(now) is AgreementState.LIVE


def in_force(versions: Iterable[Agreement], now: Instant) -> tuple[Agreement, ...]:
    """One version of each agreement: the newest that is live, or the newest where none is.

    So a new version that waits for its acknowledgements takes nothing from the one before it.
    """
    chosen: dict[AgreementId, Agreement] = {}
    for one in sorted(versions, key=lambda each: each.version.version):
        before = chosen.get(one.agreement_id)
        if before is None or one.is_live(now) or not before.is_live(now):
            chosen[one.agreement_id] = one
    return tuple(chosen.values())


def practice_version(made_at: Instant, public_key: bytes) -> AgreementVersion:
    """The agreement over synthetic people: every purpose, galleries for practice, no end."""
    searching = frozenset({Role.CAPTURE_OFFICER, Role.SUPERVISOR, Role.INTEGRATOR})
    return AgreementVersion(
        agreement_id=PRACTICE_AGREEMENT,
        version=1,
        name="Practice with synthetic people",
        valid_from=made_at,
        valid_until=Instant(made_at + 100 * 365 * 86_400 * 1_000_000),
        parties=(
            Party(
                name=PRACTICE_PARTY,
                office="whoever practises",
                roles=(PartyRole.CARRIED_OUT,),
                public_key=public_key,
            ),
        ),
        terms=(
            Term(item="people", rule=TermRule.STATED, text="Synthetic people only; no real person's data."),
        ),
        grants=(
            Grant(
                purpose=ANY,
                gallery=ANY,
                roles=searching,
                target_fpir_ppm=10_000,
                enrols=True,
                keeps_images=True,
                no_list=False,
            ),
        ),
        retention=(),
        screening=ScreeningRules(one_opinion_suffices=True),
    )


def covering(
    agreements: Iterable[Agreement], *, purpose: str, gallery: str, role: Role | None, party: str
) -> tuple[tuple[Agreement, tuple[Grant, ...]], ...]:
    """Agreements of a party with the grants that let a role search for a purpose.

    gallery  only grants that reach this gallery; empty for all
    role     None where it is not about searching
    """
    found = []
    for one in agreements:
        if one.version.party(party) is None:
            continue
        grants = tuple(
            grant
            for grant in one.version.grants
            if grant.covers(purpose, role) and (not gallery or grant.gallery in {ANY, gallery})
        )
        if grants:
            found.append((one, grants))
    return tuple(found)
