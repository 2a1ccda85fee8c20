"""Starts the command line: `python -m musterpoint`, or the installed `musterpoint`."""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with a documented code."""
    from musterpoint import cli

    cli.main()


if __name__ == "__main__":
    main()
