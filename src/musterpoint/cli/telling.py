"""Options about what a person told at the gate; every one of them may be left out."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from musterpoint.cli.options import Command
from musterpoint.imaging import read_file
from musterpoint.limits import BIOGRAPHIC_BYTES_MAX
from musterpoint.registry.biographic import Biography, fields_of_json

if TYPE_CHECKING:
    from musterpoint.workflows.children import Told
    from musterpoint.workflows.station import Station

CONSENTS = ("explicit", "implicit", "proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What the command line says of a person."""

    name: str = ""
    born: str = ""
    biography: Path | None = None
    age: int | None = None
    carer: str = ""
    consent: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was said."""
        return self == Telling()

    def told(self, station: Station) -> Told:
        """The same with the carer's encounter found. Raises NotFound, UnusableInput."""
        from musterpoint.workflows.children import Told

        data = read_file(self.biography, bytes_max=BIOGRAPHIC_BYTES_MAX) if self.biography else b"{}"
        told = Biography(
            name=self.name, born=self.born, fields=fields_of_json(data, str(self.biography or ""))
        )
        carer = None
        if self.carer:
            with station.database.read() as snapshot:
                carer = snapshot.find_encounter(self.carer)
        return Told(
            biography=None if told.is_empty else told, age=self.age, carer=carer, consent=self.consent
        )


def telling_options(command: Command) -> Command:
    """Options about the person, handed on as `telling`."""

    @functools.wraps(command)
    def told(
        *arguments: Any,
        name: str,
        born: str,
        biography: Path | None,
        age: int | None,
        carer: str,
        consent: str | None,
        **options: Any,
    ) -> Any:
        said = Telling(name=name, born=born, biography=biography, age=age, carer=carer, consent=consent or "")
        return command(*arguments, telling=said, **options)

    decorated: Any = told
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    made: Command = decorated
    return made


_OPTIONS = (
    click.option("--name", default="", help="Name of the person; sealed, and never needed to search."),
    click.option(
        "--born", default="", metavar="YEAR[-MONTH[-DAY]]", help="Birth, as precise as it is known."
    ),
    click.option(
        "--biography",
        type=click.Path(path_type=Path, dir_okay=False),
        help="JSON file with whatever else was told: one object of texts and numbers.",
    ),
    click.option("--age", type=click.IntRange(0, 130), help="Age in years, where no birth is known."),
    click.option(
        "--carer",
        default="",
        metavar="ENCOUNTER",
        help="Encounter of the grown-up who answers for a child; without one a child is referred.",
    ),
    click.option(
        "--consent",
        type=click.Choice(CONSENTS),
        help="How the person consented: explicitly, implicitly or by proxy.",
    ),
)
