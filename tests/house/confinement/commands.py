"""Runs commands of musterpoint, one after another, in this one process: what starting costs is paid once.

Each line that comes in is a JSON list of arguments; each line that goes out is a JSON object with
`exit_code`, `stdout` and `stderr`.
"""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout

from musterpoint.cli.app import main


def run(arguments: list[str]) -> dict[str, str | int]:
    """What became of one command."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main(arguments)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    texts = [
        stream.buffer.getvalue().decode() for stream in (out, err) if isinstance(stream.buffer, io.BytesIO)
    ]
    return {"exit_code": code, "stdout": texts[0], "stderr": texts[1]}


def serve() -> None:
    """Answer until nothing more comes in. What processes below this one print goes nowhere."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8") as answers:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        for line in sys.stdin:
            answers.write(f"{json.dumps(run(json.loads(line)))}\n")
            answers.flush()


if __name__ == "__main__":
    serve()
