"""What was forgiven in records that were handed in: talk on stderr, or part of what is printed as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from musterpoint.cli.output import say
from musterpoint.interchange import Deviation
from musterpoint.workflows.capturing import Submission, forgiven


def told(deviation: Deviation) -> str:
    """One of them in words."""
    return (
        f"forgiven at byte {deviation.offset}, {deviation.code.value}: "
        f"found {deviation.found}, used {deviation.used}"
    )


def tell_forgiven(submissions: Sequence[Submission]) -> None:
    """Say on stderr what was forgiven in the records among some files."""
    for name, deviation in forgiven(submissions):
        say(f"{name}: {told(deviation)}")


def forgiven_as_json(submissions: Sequence[Submission]) -> list[dict[str, object]]:
    """The same as values, each with the name of its file."""
    return [
        {
            "file": name,
            "code": deviation.code.value,
            "offset": deviation.offset,
            "found": deviation.found,
            "used": deviation.used,
        }
        for name, deviation in forgiven(submissions)
    ]
