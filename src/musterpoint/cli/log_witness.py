"""`musterpoint log witness`: cosign the logs of others, over HTTP or on a stick."""

from __future__ import annotations

from pathlib import Path

import click

from musterpoint.cli.log_reading import read_bounded, read_keys
from musterpoint.cli.output import say
from musterpoint.cli.texts import OutputFile
from musterpoint.cli.writing import write_file
from musterpoint.errors import Conflict, NotFound, NotProven

COSIGNATURES = Path("cosignatures.txt")
"""What an answer is called if nobody says otherwise."""

PORT = 8765
"""Where a witness listens if nobody says otherwise."""

_folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))


@click.group()
def witness() -> None:
    """Be a witness: cosign what continues what you have seen of a log, and nothing else.

    A witness is a folder with its own keys. It needs no registry and no network.

    \b
    Examples:
      musterpoint log witness init w1 --name witness.example/w1 --log log.keys
      musterpoint log witness cosign request.tlog --witness w1 --output cosignatures.txt
      musterpoint log witness serve w1
    """


@witness.command()
@_folder
@click.option("--name", required=True, help="Name of its keys, such as witness.example/w1.")
@click.option("--log", "logs", multiple=True, metavar="KEY|FILE", help="Keys of a log that it knows.")
def init(folder: Path, name: str, logs: tuple[str, ...]) -> None:
    """Make a witness, and print its keys for the logs' operators and for policies."""
    from musterpoint.transparency.policies import Policy
    from musterpoint.workflows.witness_folder import make_witness

    known = tuple(key for one in logs for key in read_keys(one))
    made = make_witness(folder, name, Policy(known))
    for signer in made.signers:
        click.echo(signer.key.vkey)
    say(f"Witness: {folder}. Keep a copy of its keys, never of its folder state.")


@witness.command()
@_folder
@click.option("--log", "logs", multiple=True, required=True, metavar="KEY|FILE", help="Keys of a log.")
def trust(folder: Path, logs: tuple[str, ...]) -> None:
    """Have a witness know one more log."""
    from musterpoint.workflows.witness_folder import trust_log

    for one in logs:
        for key in read_keys(one):
            trust_log(folder, key)
            say(f"Known: {key.name}")


@witness.command()
@click.argument("request", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--witness",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the witness.",
)
@click.option(
    "--output",
    type=OutputFile(),
    default=COSIGNATURES,
    help=f"File for the answer. Default: {COSIGNATURES}.",
)
def cosign(request: Path, folder: Path, output: Path) -> None:
    """Verify a request, cosign it, and write the answer to carry back."""
    from musterpoint.clock import SystemClock
    from musterpoint.transparency.witnessing import SIZE_TEXT
    from musterpoint.workflows.witness_folder import open_witness

    answer = open_witness(folder).add_checkpoint(read_bounded(request), SystemClock().now() // 1_000_000)
    if answer.status == 200 or answer.content_type == SIZE_TEXT:
        write_file(output, answer.body)
    if answer.status != 200:
        _refuse(answer.status, answer.body.decode("utf-8", "replace").strip(), request)
    say(f"Cosigned. Carry {output} back.")


@witness.command()
@_folder
@click.option("--bind", default="127.0.0.1", metavar="ADDRESS", help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=PORT, help=f"Default: {PORT}.")
def serve(folder: Path, bind: str, port: int) -> None:
    """Cosign over HTTP until interrupted; by default for this machine alone."""
    from musterpoint.workflows.witness_folder import open_witness
    from musterpoint.workflows.witness_server import WitnessServer

    with WitnessServer(open_witness(folder), (bind, port)) as server:
        click.echo(f"http://{bind}:{server.server_address[1]}")
        say("Press Ctrl-C to end.")
        server.serve_forever()


def _refuse(status: int, reason: str, request: Path) -> None:
    if status == 409:
        raise Conflict(
            expected="a request that begins where this witness has cosigned last",
            found=f"another beginning; it has cosigned {reason} entries",
            hint=f"Ask for the request again, made with --old {reason}",
            where=str(request),
        )
    if status == 404:
        raise NotFound(
            expected="the request of a log that this witness knows",
            found="one of another",
            hint="If you trust that log: musterpoint log witness trust",
            where=str(request),
        )
    raise NotProven(
        expected="a checkpoint that continues what this witness has cosigned",
        found=reason,
        hint="Keep the request: if it is signed by the log, it may prove that the log has two histories",
        where=str(request),
    )
