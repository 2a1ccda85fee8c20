"""What the demonstration shows: table, picture and page from one result."""

from __future__ import annotations

from PIL import Image

from musterpoint import __version__
from musterpoint.cli.output import counted
from musterpoint.cli.screening import headline
from musterpoint.comparison import Comparison, compare, false_match_rate, prepare
from musterpoint.depiction import (
    DEMONSTRATION_LIMITS,
    NO_PROBABILITY,
    ComparisonSection,
    DemonstrationReport,
    ReportFigure,
    ReportPicture,
    ReportRow,
    describe_comparison,
    draw_comparison,
    draw_thumbnail,
    render_report,
)
from musterpoint.registry import Answer, Outcome
from musterpoint.synthetic import GENERATOR_VERSION
from musterpoint.workflows.demonstration import COLLECTION_PEOPLE, Demonstration, Screened

LIMITS = (
    "Officer, adjudicators and supervisor were played by the demonstration, which knows who is who.",
    "Somebody who comes back with other fingers cannot be found by fingerprints; ask for the same ones.",
)

_WHY_NO_SEARCH = {
    Outcome.FAILED_CAPTURE.value: "No finger could be captured: recorded with the reason, without a search",
    Outcome.REFUSED.value: "Refused: recorded, without a search",
}
_MEANING = {
    Answer.KNOWN.value: "Joins the person's earlier record.",
    Answer.NOT_KNOWN.value: "Enrolled as a new person.",
    Answer.CANNOT_TELL.value: "Nothing is claimed. Capture again, with the advice given.",
    Outcome.FAILED_CAPTURE.value: "Counted. An exception costs no extra step.",
    Outcome.REFUSED.value: "Counted. A refusal is an outcome like any other.",
}


COLUMNS = ("person", "what was shown", "answer", "decision", "why")


def table_rows(result: Demonstration) -> list[tuple[str, str, str, str, str]]:
    """One row for each arrival, as in `COLUMNS`."""
    return [
        (f"Person {one.person_number}", one.arrival.shown, answer_of(one), decision_of(one), why_of(one))
        for one in result.screened
    ]


def decision_of(one: Screened) -> str:
    """What was decided, and why where it was not the officer who cleared somebody not known."""
    return f"{one.decision}: {one.ground}" if one.ground else one.decision


def answer_of(one: Screened) -> str:
    """The answer as the gate hears it, and what a decision made of it."""
    if one.outcome is None:
        return "not usable"
    first = headline(one.outcome.shown())
    return f"{first} → {one.decided}" if one.decided else first


def why_of(one: Screened) -> str:
    """The reason of the answer in one sentence."""
    if one.outcome is None:
        return f"{one.refusal} Nothing was recorded"
    if one.outcome.answer is None:
        return _WHY_NO_SEARCH[one.outcome.outcome]
    searched = f"{counted(one.outcome.people, 'person', 'people')} searched"
    if one.decided:
        return f"{searched}, somebody alike found; two people decided, each without the other"
    if one.outcome.answer == Answer.CANNOT_TELL.value:
        reasons = ", ".join(reason for finger in one.outcome.fingers for reason in finger.reasons)
        if reasons:
            return f"{searched}, but the quality is too low to tell ({reasons})"
        return f"{searched}, but nobody has these fingers on record"
    left_out = one.outcome.people - one.outcome.people_comparable
    unseen = f"; {left_out} of them without these fingers on record" if left_out else ""
    return f"{searched}, nobody alike{unseen}"


def comparison_picture(result: Demonstration) -> Image.Image:
    """Both impressions of one finger side by side, corresponding minutiae joined, the score in words."""
    found = _compare(result)
    return _draw(result, found, caption=_words(found))


def _compare(result: Demonstration) -> Comparison:
    (_, probe), (_, reference) = result.compared
    return compare(prepare(probe.template), prepare(reference.template))


def _words(found: Comparison) -> tuple[str, ...]:
    return describe_comparison(len(found.pairs), false_match_rate(found.score))


def _draw(result: Demonstration, found: Comparison, caption: tuple[str, ...] = ()) -> Image.Image:
    (first, probe), (second, reference) = result.compared
    return draw_comparison(first, probe.template, second, reference.template, found.pairs, caption=caption)


def report_page(result: Demonstration) -> str:
    """The page as HTML that needs nothing beside itself."""
    found = _compare(result)
    picture = ReportPicture.of(
        _draw(result, found), "Two impressions of one finger, corresponding minutiae joined by lines"
    )
    return render_report(
        DemonstrationReport(
            title="Screening at a gate",
            headline=(
                f"{len(result.screened)} arrivals were screened against an earlier registry of "
                f"{COLLECTION_PEOPLE} people and against each other."
            ),
            rows=tuple(_report_row(one) for one in result.screened),
            comparison=ComparisonSection(picture=picture, words=(*_words(found), NO_PROBABILITY)),
            figures=_figures(result),
            checks=_checks(result),
            limits=(*LIMITS, *DEMONSTRATION_LIMITS),
            made_with=f"musterpoint {__version__}, generator of synthetic fingers {GENERATOR_VERSION}",
        )
    )


def _figures(result: Demonstration) -> tuple[ReportFigure, ...]:
    searches = sum(one.outcome is not None and one.outcome.answer is not None for one in result.screened)
    each = result.seconds_of_screening / len(result.screened)
    return (
        ReportFigure(value=str(result.people_enrolled), words="people in the registry at the end"),
        ReportFigure(value=str(searches), words="searches"),
        ReportFigure(value=f"{each:.1f} s", words="for each arrival, from image to answer"),
        ReportFigure(value=f"{result.seconds:.0f} s", words="for everything, drawing the fingers included"),
    )


def _checks(result: Demonstration) -> tuple[str, ...]:
    return (
        f"Every search, outcome, opinion and decision is an entry of a signed log: {result.entries} entries, "
        "in the folder log beside this page. It was verified just now, as a stranger would: "
        "musterpoint log verify log --signatures.",
        f"The receipt of visit {result.receipt.code}, in receipt.html beside this page, holds a proof that "
        "the visit was counted. It says neither who it was nor what was found.",
        "No independent witness has cosigned this log: until one has, its operator could rewrite all of it.",
    )


def _report_row(one: Screened) -> ReportRow:
    return ReportRow(
        person=f"Person {one.person_number}",
        shown=f"{one.arrival.shown}.",
        answer=one.decided or answer_of(one),
        at_once=headline(one.outcome.shown()) if one.outcome and one.decided else "",
        decision=decision_of(one),
        why=f"{why_of(one)}.",
        meaning=_meaning(one),
        thumbnails=tuple(
            ReportPicture.of(draw_thumbnail(image), f"{position.label.replace('-', ' ')} of this person")
            for position, image in one.arrival.pictures
        ),
    )


def _meaning(one: Screened) -> str:
    if one.outcome is None:
        return "The officer captures again."
    if one.decided:
        return _MEANING[one.decided]
    if one.outcome.subject is not None and one.outcome.people_comparable == 0:
        return "Enrolled as a new person: nobody on record has these fingers, so nobody could be found."
    return _MEANING[one.outcome.answer or one.outcome.outcome]
