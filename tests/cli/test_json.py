"""Which commands print JSON: all that show something."""

from __future__ import annotations

from collections.abc import Iterator

import click

from musterpoint.cli.app import musterpoint

OWN_STANDARD = {"log checkpoint", "log keys", "log proof"}
"""They print files that other programs read as they are."""

MADE_CHANGED_OR_CHECKED = {
    *("agreement draft", "agreement end", "agreement sign", "agreement threshold"),
    *("seat break-glass", "seat revoke", "gallery add", "gallery attach", "gallery detach"),
    *("log add-cosignature", "log request", "log verify"),
    *("log witness cosign", "log witness init", "log witness serve", "log witness trust"),
    *(
        "erase check",
        "erase refuse",
        "erase request",
        "retention copy",
        "retention hold",
        "retention release",
    ),
    *("key rehearse", "key share", "upgrade", "prepare"),
}
"""A sentence and the exit code are all that there is to say."""


def leaves(command: click.Command, name: str = "") -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = click.Context(command)
    for own in command.list_commands(context):
        found = command.get_command(context, own)
        assert found is not None
        yield from leaves(found, f"{name} {own}".strip())


def test_all_commands_that_show_something_print_json() -> None:
    without = {
        name for name, one in leaves(musterpoint) if not any("--json" in option.opts for option in one.params)
    }
    assert without == OWN_STANDARD | MADE_CHANGED_OR_CHECKED
