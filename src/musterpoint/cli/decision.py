"""`musterpoint decide`: look at somebody who was at the gate, and decide."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from musterpoint.cli.options import SeatChoice, data_option, json_option, seat_options
from musterpoint.cli.output import print_json, print_table, say, short
from musterpoint.cli.texts import ShortText
from musterpoint.clock import Instant, to_text
from musterpoint.registry.decisions import Decision, DecisionState

if TYPE_CHECKING:
    from musterpoint.workflows.deciding import GateView

STATES = (DecisionState.CLEARED.value, DecisionState.DENIED.value, DecisionState.REFERRED.value)


@click.command()
@click.argument("encounter", required=False)
@click.argument("decision", type=click.Choice(STATES), required=False)
@click.option("--ground", type=ShortText(), help="Why.")
@click.option(
    "--exception",
    type=ShortText(),
    help="Why a rule is departed from: for somebody who gave no finger, or is being decided.",
)
@click.option(
    "--expires",
    type=click.DateTime(("%Y-%m-%d", "%Y-%m-%dT%H:%M")),
    help="Until when it holds (UTC); then the person is decided again.",
)
@click.option("--carer", default="", metavar="ENCOUNTER", help="The grown-up who answers for a child.")
@json_option
@data_option
@seat_options
def decide(
    encounter: str | None,
    decision: str | None,
    ground: str | None,
    exception: str | None,
    expires: datetime.datetime | None,
    carer: str,
    as_json: bool,
    data: Path | None,
    seat: SeatChoice,
) -> None:
    """Decide about somebody who was at the gate: cleared, denied or referred.

    ENCOUNTER is an identifier, or at least 8 digits of its end. Without a decision, the person's
    state and next step are shown; without ENCOUNTER, everybody of whom something is to be decided:
    who never was, whose decision has expired, and whose decision an appeal keeps from holding.

    \b
    Examples:
      musterpoint decide
      musterpoint decide 1b2c3d4e5f60
      musterpoint decide 1b2c3d4e5f60 cleared --exception "hands bandaged, seen by the medic"
      musterpoint decide 1b2c3d4e5f60 referred --ground "wants to see a doctor"
    """
    from musterpoint.workflows.deciding import DecisionRequest, view, waiting
    from musterpoint.workflows.deciding import decide as decide_person

    station = seat.open(data, must_exist=True)
    if encounter is None:
        _list(waiting(station), as_json)
        return
    if decision is None:
        _show(view(station, encounter), as_json)
        return
    if ground and exception:
        raise click.UsageError("Give either --ground or --exception; an exception's reason is its ground.")
    made = decide_person(
        station,
        DecisionRequest(
            encounter=encounter,
            state=DecisionState(decision),
            ground=exception or ground or "",
            is_exception=exception is not None,
            expires_at=_instant(expires),
            carer=carer,
        ),
    )
    if as_json:
        print_json(_as_json(made))
        return
    click.secho(f"{made.state.value}: {made.ground}", bold=True)
    click.echo(_by_whom(made))
    click.echo(view(station, str(made.encounter_id)).next_step.words)


def _instant(expires: datetime.datetime | None) -> Instant | None:
    if expires is None:
        return None
    return Instant(int(expires.replace(tzinfo=datetime.UTC).timestamp()) * 1_000_000)


def _by_whom(made: Decision) -> str:
    second = f" and {made.approver}" if made.approver else ""
    departed = f", an exception ({made.exception_of.value})" if made.exception_of else ""
    until = f", until {to_text(made.expires_at)}" if made.expires_at else ""
    return f"Decided by {made.author}{second}{departed}{until}."


def _as_json(made: Decision) -> dict[str, object]:
    return {
        "decision": made.state,
        "ground": made.ground,
        "exception_of": made.exception_of,
        "author": made.author,
        "approver": made.approver,
        "decided_at": to_text(made.decided_at),
        "expires_at": to_text(made.expires_at) if made.expires_at else None,
        "carer": made.carer,
    }


def _list(open_: Sequence[GateView], as_json: bool) -> None:
    if as_json:
        print_json([_waiting_as_json(one) for one in open_])
        return
    if not open_:
        say("Nobody waits for a decision.")
        return
    rows = [
        (
            short(one.encounter.encounter_id),
            to_text(one.encounter.occurred_at)[:16].replace("T", " "),
            one.encounter.site,
            one.presentation.outcome.value if one.presentation.outcome else "",
            one.presentation.answer.value if one.presentation.answer else "",
            one.decisions[-1].state.value if one.decisions else "",
            one.next_step.words,
        )
        for one in open_
    ]
    print_table(("encounter", "came", "site", "outcome", "answer", "decided before", "next step"), rows)


def _waiting_as_json(one: GateView) -> dict[str, object]:
    return {
        "encounter": one.encounter.encounter_id,
        "occurred_at": to_text(one.encounter.occurred_at),
        "site": one.encounter.site,
        "outcome": one.presentation.outcome,
        "answer": one.presentation.answer,
        "decided_before": one.decisions[-1].state if one.decisions else None,
        "next_step": one.next_step.words,
    }


def _show(seen: GateView, as_json: bool) -> None:
    state, told = seen.presentation, seen.biography
    if as_json:
        print_json(
            {
                "encounter": seen.encounter.encounter_id,
                "outcome": state.outcome,
                "answer": state.answer,
                "decision": state.decision,
                "next_step": seen.next_step.words,
                "decisions": [_as_json(one) for one in seen.decisions],
                "biography": told.facts() if told else None,
            }
        )
        return
    answer = state.answer.value if state.answer else seen.encounter.outcome.value
    click.secho(f"{answer}; {state.decision.value}", bold=True)
    if told is not None:
        for name, text in (("name", told.name), ("born", told.born), *told.fields.items()):
            if text:
                click.echo(f"  {name}: {text}")
    for one in seen.decisions:
        ground = f": {one.ground}" if one.ground else ""
        click.echo(f"  {to_text(one.decided_at)} {one.state.value}{ground}. {_by_whom(one)}")
    click.echo(seen.next_step.words)
