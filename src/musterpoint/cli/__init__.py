"""The command line: commands, progress and tables; no rules of its own."""

from musterpoint.cli.app import main

__all__ = ["main"]
