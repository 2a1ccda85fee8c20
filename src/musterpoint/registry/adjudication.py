"""Two blind opinions and an arbiter: what opinions make of a pair, and pairs of a case.

A pair is two encounters of which a person says whether they are of one person. Two independent opinions
that are equal and definite decide it. Otherwise an arbiter is asked, and where the arbiter cannot tell
either, the pair stays inconclusive. An agreement may accept one definite opinion; the decision is then
provisional until the second opinion is there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from musterpoint.clock import Instant
from musterpoint.identifiers import EncounterId, SubjectId
from musterpoint.registry.values import Verdict

NEVER: Final = Instant(0)

OPINIONS: Final = 2
"""Independent opinions of a pair before an arbiter is asked."""


class Side(StrEnum):
    """One of the two encounters of a pair, as the adjudicator sees them."""

    LEFT = "left"
    RIGHT = "right"


class Standing(StrEnum):
    """How far the decision of a pair has come."""

    WANTS_OPINION = "wants an opinion"
    WANTS_ARBITER = "wants an arbiter"
    PROVISIONAL = "provisional"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in one of the two pictures that an adjudicator points at.

    finger  which finger pair of the picture, 1, 2, 3 … from the top
    x, y    pixels at 500 ppi from the upper left corner of the impression
    """

    side: Side
    finger: int
    x: int
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two encounters of which people say whether they are of one person.

    pair_id   what an adjudicator sees of it: random, so that it tells neither order nor number
    round     0 at first, the number of the appeal afterwards
    standing  how far the decision has come
    verdict   None while nothing follows from the opinions
    """

    number: int
    pair_id: UUID
    probe_id: EncounterId
    candidate_id: EncounterId
    round: int
    standing: Standing
    verdict: Verdict | None = None
    decided_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjudicationPolicy:
    """What an agreement says about adjudication.

    accepts_one_opinion  one definite opinion decides provisionally; the second is asked later
    appeal_stays         while an appeal is open, what follows from the earlier decision rests
    """

    accepts_one_opinion: bool = False
    appeal_stays: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What one seat said of a pair; `is_arbiter` where it was the third.

    shown_at, given_at  when the pair was first shown to the seat, and when it answered
    """

    seat: str
    verdict: Verdict
    is_arbiter: bool = False
    reason: str = ""
    marks: tuple[Mark, ...] = ()
    shown_at: Instant = NEVER
    given_at: Instant = NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the opinions of a pair come to; the verdict is None while nothing follows from them."""

    standing: Standing
    verdict: Verdict | None

    @property
    def wants(self) -> bool:
        """Whether somebody is still to be asked."""
        return self.standing is not Standing.DECIDED


def judge(opinions: Sequence[Opinion], policy: AdjudicationPolicy) -> Judgement:
    """What follows from the opinions of a pair, in the order in which they were given.

    Raises ValueError for opinions that could not have been asked for.
    """
    arbiters = [one for one in opinions if one.is_arbiter]
    blind = [one for one in opinions if not one.is_arbiter]
    if len({one.seat for one in opinions}) < len(opinions) or len(blind) > OPINIONS or len(arbiters) > 1:
        raise ValueError("a pair has at most two opinions and an arbiter's, each of another seat")
    if arbiters and len(blind) < OPINIONS:
        raise ValueError("an arbiter is asked after two opinions")
    if arbiters:
        return Judgement(standing=Standing.DECIDED, verdict=arbiters[0].verdict)
    verdicts = {one.verdict for one in blind}
    is_one_definite = len(verdicts) == 1 and Verdict.CANNOT_TELL not in verdicts
    if len(blind) < OPINIONS:
        if is_one_definite and policy.accepts_one_opinion:
            return Judgement(standing=Standing.PROVISIONAL, verdict=next(iter(verdicts)))
        return Judgement(standing=Standing.WANTS_OPINION, verdict=None)
    if is_one_definite:
        return Judgement(standing=Standing.DECIDED, verdict=next(iter(verdicts)))
    return Judgement(standing=Standing.WANTS_ARBITER, verdict=None)


def may_judge(seat: str, *, authors: Collection[str], judges: Collection[str]) -> bool:
    """Whether a seat may judge a pair.

    authors  seats that recorded one of the two encounters
    judges   seats that gave an opinion on the same two people before, in this round or an earlier one
    """
    return seat not in authors and seat not in judges


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedPair:
    """What is known of one candidate of a case.

    verdict     None while the pair is open
    subject_id  whose encounter the candidate is, if that is decided
    is_waiting  the candidate waits for a decision of its own
    """

    candidate_id: EncounterId
    verdict: Verdict | None
    subject_id: SubjectId | None = None
    is_waiting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """What the pairs of a case come to.

    same_as  the candidate whose subject it is, where the verdict is SAME
    joined   candidates without a subject that turn out to be the same person as well
    """

    verdict: Verdict
    same_as: EncounterId | None = None
    joined: tuple[EncounterId, ...] = ()


def settling(pairs: Sequence[DecidedPair]) -> Settling | None:
    """What the pairs of a case come to, or None while it stays open.

    One pair that is the same as somebody known settles the case at once. The same as an encounter that
    waits itself means to wait for it. With nobody left to compare with, nobody was found.
    """
    same = [pair for pair in pairs if pair.verdict is Verdict.SAME]
    undecided = tuple(pair.candidate_id for pair in same if pair.subject_id is None and not pair.is_waiting)
    for pair in same:
        if pair.subject_id is not None:
            return Settling(verdict=Verdict.SAME, same_as=pair.candidate_id, joined=undecided)
    if any(pair.verdict is None for pair in pairs) or any(pair.is_waiting for pair in same):
        return None
    if same:
        return Settling(verdict=Verdict.SAME, same_as=same[0].candidate_id, joined=undecided)
    is_sure = all(pair.verdict is Verdict.DIFFERENT for pair in pairs)
    return Settling(verdict=Verdict.DIFFERENT if is_sure else Verdict.CANNOT_TELL)
