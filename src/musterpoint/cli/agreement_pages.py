"""How an agreement looks: as JSON, as a line of a list, as a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from musterpoint.cli.output import in_words, print_table
from musterpoint.clock import to_text

if TYPE_CHECKING:
    from musterpoint.registry.agreements import Agreement, Term
    from musterpoint.registry.thresholds import Threshold
    from musterpoint.workflows.agreements import AgreementView, PurposeView


def as_rows(view: AgreementView) -> tuple[str, str, str, str, str]:
    """One line of a list."""
    version = view.agreement.version
    return (
        version.name,
        str(version.version),
        view.state.value,
        to_text(version.valid_until)[:10],
        ", ".join("any" if one == "*" else one for one in version.purposes()),
    )


def agreement_as_json(view: AgreementView) -> dict[str, object]:
    """All that the seat may see."""
    version = view.agreement.version
    found: dict[str, object] = {
        "agreement": str(version.agreement_id),
        "name": version.name,
        "version": version.version,
        "digest": view.agreement.digest,
        "state": view.state,
        "practice": version.is_practice,
        "valid_from": to_text(version.valid_from),
        "valid_until": to_text(version.valid_until),
        "screening": version.screening,
    }
    if view.is_limited:
        return found
    return found | {
        "parties": [
            {
                "name": one.name,
                "office": one.office,
                "roles": list(one.roles),
                "key": one.public_key.hex(),
                "must_acknowledge": one.must_acknowledge,
                "answer": answer_of(view.agreement, one.name)[0],
                "statement": answer_of(view.agreement, one.name)[1],
            }
            for one in version.parties
        ],
        "terms": version.terms,
        "grants": version.grants,
        "retention": version.retention,
        "purposes": [purpose_as_json(one) for one in view.purposes],
    }


def purpose_as_json(one: PurposeView) -> dict[str, object]:
    """What a purpose comes to now."""
    return {
        "purpose": one.purpose,
        "galleries": list(one.galleries),
        "people": one.people,
        "target_fpir_ppm": one.target_fpir_ppm,
        "threshold_millinats": one.threshold.strength_millinats,
        "threshold_bound_millinats": one.threshold.bound_millinats,
        "occasions": one.threshold.occasions,
        "calibration": one.threshold.calibration,
        "extrapolated": one.threshold.is_extrapolated,
        "target_supported": one.threshold.is_reachable,
        "expected_false_candidates_per_search": one.threshold.expected_false_per_search,
        "expected_false_candidates_range": list(one.threshold.expected_range),
        "expected_false_candidates_per_day": one.threshold.expected_false_per_day,
        "by_fingers": [threshold_as_json(found) for found in one.by_fingers],
        "searches_today": one.searches_today,
        "daily_searches_max": one.daily_searches_max,
    }


def threshold_as_json(one: Threshold) -> dict[str, object]:
    """What a search of so many fingers asks of a candidate now, and what chance may produce."""
    return {
        "fingers": one.fingers,
        "threshold_millinats": one.strength_millinats,
        "calibration": one.calibration,
        "extrapolated": one.is_extrapolated,
        "target_supported": one.is_reachable,
        "expected_false_candidates_per_search": one.expected_false_per_search,
        "expected_false_candidates_per_day": one.expected_false_per_day,
    }


def answer_of(agreement: Agreement, party: str) -> tuple[str, str]:
    """What a party answered last, and its statement; empty where it said nothing."""
    return next(
        ((one.answer.value, one.statement) for one in agreement.answers if one.party == party), ("", "")
    )


def print_agreement(view: AgreementView) -> None:
    """The whole agreement as people read it."""
    version = view.agreement.version
    click.secho(f"{version.name}, version {version.version}: {view.state.value}", bold=True)
    if version.is_practice:
        click.secho("PRACTICE: synthetic people only", bold=True)
    click.echo(f"From {to_text(version.valid_from)} until {to_text(version.valid_until)}")
    rules = version.screening
    twice = " twice" if rules.impressions_asked > 1 else ""
    fingers = ", ".join(f"{one}{twice}" for one in rules.fingers_asked)
    fingers += ", or a reason why not" if rules.reasons_required else ""
    click.echo(
        f"Fingers asked: {fingers}; none below {rules.age_min} years, a carer below {rules.carer_below}"
    )
    if view.is_limited:
        return
    click.echo(f"Digest {view.agreement.digest}")
    rows = [
        (one.name, one.office, ", ".join(one.roles), *answer_of(view.agreement, one.name))
        for one in version.parties
    ]
    print_table(("party", "office", "part", "answer", "statement"), rows)
    if version.terms:
        print_table(("term", "rule", "words"), [(one.item, _rule(one), one.text) for one in version.terms])
    print_purposes(view.purposes)


def print_purposes(purposes: tuple[PurposeView, ...]) -> None:
    """What each purpose comes to with the galleries as they are now."""
    rows = [
        (
            one.purpose,
            ", ".join(one.galleries) or "none",
            str(one.people),
            in_words(one.target_fpir_ppm / 1_000_000),
            in_words(one.threshold.expected_false_per_search),
            f"{one.threshold.expected_false_per_day:.2g}",
        )
        for one in purposes
    ]
    print_table(
        ("purpose", "galleries", "people", "target", "by chance in a search", "by chance in a day"), rows
    )
    for one in purposes:
        print_threshold(one.purpose, one.threshold)


def print_thresholds(named: Sequence[tuple[str, PurposeView]]) -> None:
    """What searches of one finger and of two ask of a candidate now, for each gallery and purpose."""
    rows = [
        (
            gallery,
            one.purpose,
            str(one.people),
            str(found.fingers),
            f"{found.strength_millinats:,}" + ("" if found.is_reachable else ", target not supported"),
            in_words(found.expected_false_per_search),
            f"{found.expected_false_per_day:.2g}",
            "extrapolated" if found.is_extrapolated else "measured",
            str(found.calibration) if found.calibration else "standard",
        )
        for gallery, one in named
        for found in one.by_fingers
    ]
    columns = ("gallery", "purpose", "people searched", "fingers", "needed")
    print_table((*columns, "by chance in a search", "in a day", "known", "calibration"), rows)


def print_threshold(purpose: str, found: Threshold) -> None:
    """What a candidate needs, and how sure that is."""
    which = f"calibration {found.calibration}" if found.calibration else "the standard calibration"
    click.echo(
        f"{purpose}: a candidate needs {found.strength_millinats:,} by {which}, since a search is worth "
        f"{found.occasions:,.0f} people met at random; comparing all would ask for {found.bound_millinats:,}."
    )
    low, high = found.expected_range
    if found.is_extrapolated:
        click.echo(
            f"{purpose}: extrapolated beyond what was seen; by the tail model {in_words(low)} to "
            f"{in_words(high)} searches have a candidate by chance (95 %)."
        )
    if not found.is_reachable:
        more = "Ask for two fingers, or agree" if found.fingers == 1 else "Agree"
        click.secho(
            f"{purpose}: no data support this target; the strictest that they do is "
            f"{in_words(found.least_target)}. {more} on a higher target.",
            bold=True,
        )


def _rule(term: Term) -> str:
    return term.rule.value if term.value is None else f"{term.rule.value} {term.value} {term.unit}".strip()
