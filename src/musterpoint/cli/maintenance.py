"""`musterpoint upgrade` and `musterpoint prepare`."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.options import data_option
from musterpoint.cli.output import say


@click.command()
@data_option
def upgrade(data: Path | None) -> None:
    """Bring the registry to this version."""
    from musterpoint.storage import upgrade as upgrade_registry
    from musterpoint.workflows.station import default_folder

    upgrade_registry(data or default_folder())
    say("The registry is at this version.")


@click.command()
def prepare() -> None:
    """Make ready what the first use would wait for: the network and compiled code."""
    say("Converting the minutiae network …")
    from musterpoint.extraction import Extractor

    extractor = Extractor()
    say("Compiling the generator of synthetic fingers …")
    from musterpoint.synthetic import Finger

    impression = Finger(1).impression(1)
    say("Compiling the comparator …")
    from musterpoint.comparison import Pack, score_all
    from musterpoint.comparison import prepare as prepare_template

    prepared = prepare_template(extractor.extract(impression.image).template)
    score_all(prepared, Pack.of([prepared]), 0, 1)
    say("Ready.")
