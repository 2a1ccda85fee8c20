"""The group of all commands. Each is imported when it is called, so that help answers at once."""

from __future__ import annotations

import errno
import importlib
import io
import os
import signal
import sys
import uuid
from collections.abc import Sequence
from keyword import iskeyword
from typing import NoReturn

import click

from musterpoint.errors import MusterpointError

COMMANDS = {
    "demo": ("demonstration", "See the main job done with synthetic people."),
    "screen": ("screening", "Screen a person: search, then record the answer."),
    "decide": ("decision", "Clear, deny or refer somebody who was at the gate."),
    "agreement": ("agreement", "Draft, sign, list and end agreements."),
    "seat": ("seat", "Say who acts in which role, with a key of their own."),
    "station": ("station", "List stations, and trust one no more."),
    "gallery": ("gallery", "Say whose galleries are, and who may search them."),
    "calibrate": ("calibrating", "Measure what chance does here, and set searches by it."),
    "receipt": ("receipt", "Make a page for the person, with a proof."),
    "adjudicate": ("adjudication", "Judge whether two people are one."),
    "appeal": ("appeal", "Have other people look again."),
    "enrol": ("enrolment", "Load an existing collection into a gallery."),
    "identify": ("identification", "Search a person (1:N) without enrolling."),
    "verify": ("identification", "Compare a person with one subject (1:1)."),
    "compare": ("comparing", "Compare two files."),
    "inspect": ("inspection", "Show quality and minutiae of an image."),
    "subjects": ("browsing", "List subjects, or show one."),
    "subject": ("subject", "Merge, split or move, and take it back."),
    "encounters": ("browsing", "List encounters, or show one."),
    "journal": ("browsing", "List every search and change."),
    "log": ("log", "Publish the journal as a log that others verify."),
    "status": ("browsing", "Count what the registry holds."),
    "alarms": ("alarms", "Show the rates of each site, and what stands out."),
    "consent": ("consent", "Record that somebody withdraws their consent."),
    "erase": ("erasure", "Delete a person, with a receipt."),
    "retention": ("retention", "Show what is due, delete it, hold it or release it."),
    "export": ("exporting", "Write a record, a person, or the whole registry."),
    "import": ("importing", "Take in what another registry has exported."),
    "evaluate": ("evaluation", "Measure accuracy on data sets."),
    "evaluate-compare": ("evaluation_comparison", "Compare the scores of two runs."),
    "key": ("key", "Look after the secret that opens the registry."),
    "reindex": ("reindexing", "Extract templates again, compare, and switch."),
    "backup": ("backup", "Copy the registry and its keys into two folders."),
    "restore": ("backup", "Put a backup back, or see whether it would work."),
    "check": ("backup", "Look for damage in the registry, its keys and its log."),
    "upgrade": ("maintenance", "Bring the registry to this version."),
    "prepare": ("maintenance", "Make ready what the first use would wait for."),
}
"""Name of a command: its module in `musterpoint.cli`, and its line in the help."""

OUTPUT_ERRORS = frozenset({errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG})
"""What the system says when standard output leads to a full or failing disk."""


class LazyGroup(click.Group):
    """A group that imports the module of a command only when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"musterpoint.cli.{COMMANDS[cmd_name][0]}")
        # `import` is a word of Python, so its function has an underscore.
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(module, f"{name}_" if iskeyword(name) else name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from musterpoint import __version__

    click.echo(f"musterpoint {__version__}")
    ctx.exit()


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version."
)
@click.option("--debug", is_flag=True, help="Show where an unexpected error happened.")
@click.pass_context
def musterpoint(ctx: click.Context, debug: bool) -> None:
    """Biometric identification for supervised movements of people.

    Start with: musterpoint demo
    """
    ctx.obj = debug


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with a documented code (docs/reference/errors.md).

    arguments  without the program's name; None takes those of this process
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _show_every_character()
    try:
        code = musterpoint.main(given, prog_name="musterpoint", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _stop(130, "interrupted; nothing was left half done")
    except click.ClickException as error:
        error.show()
        _stop(error.exit_code)
    except Exception as error:
        if "--debug" in given:
            raise
        _stop(*_code_and_message(error))
    _stop(code if isinstance(code, int) else 0)


def _show_every_character() -> None:
    """A terminal of few characters shows the others as escapes, rather than nothing at all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _code_and_message(error: Exception) -> tuple[int, str]:
    """How an error ends the program, and what is said of it; a person sees no traceback."""
    if isinstance(error, MusterpointError):
        return error.exit_code, str(error)
    if isinstance(error, BrokenPipeError):
        # The reader of our output went away, as `head` does; there is nobody to tell.
        _silence_output()
        return 0, ""
    if isinstance(error, OSError) and error.errno in OUTPUT_ERRORS:
        _silence_output()
        return (
            6,
            f"the output could not be written ({error.strerror}); what was done is recorded all the same",
        )
    reference = uuid.uuid4().hex[:8]
    return 70, (
        f"an error of this program, not of yours ({type(error).__name__}, {reference}). "
        "Run again with --debug as the first option and report what it prints"
    )


def _silence_output() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stop(code: int, message: str = "") -> NoReturn:
    if message:
        click.echo(f"musterpoint: {message}", err=True)
    sys.stdout.flush()
    sys.exit(code)
