"""Measures the transparency log: what an event costs, what a proof costs, how long the verifier takes.

    python -m benchmarks.transparency [--entries N] [--keep FOLDER]

Makes a log of N events (1,000,000) of four stations, exports it, and runs the stand-alone verifier on the
export as a process of its own: hashes, chains and proofs, then with the signature of every event. With
--keep the export stays in a folder and is used again the next time. It takes 900 MB of disk.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from musterpoint.transparency import verifier
from musterpoint.transparency.canonical import Payload, canonical
from musterpoint.transparency.checkpoints import Checkpoint
from musterpoint.transparency.commitments import new_salt, payload_commitment
from musterpoint.transparency.event_kinds import class_of
from musterpoint.transparency.events import FIRST_PREV, Event, StationKey
from musterpoint.transparency.hashing import Frontier, leaf_hash
from musterpoint.transparency.note_keys import KeyKind, NoteSigner
from musterpoint.transparency.notes import Note
from musterpoint.transparency.policies import Policy
from musterpoint.transparency.proof_files import ProofFile
from musterpoint.transparency.proofs import inclusion_proof, root_at, verify_inclusion
from musterpoint.transparency.publishing import bundle, station_lines
from musterpoint.transparency.tiles import TILE_WIDTH, Tree, path_of, widths

ORIGIN = "benchmark.example/log"
PROOFS = 2000
REPEATS = 3


def private_key(number: int) -> Ed25519PrivateKey:
    """A key that is the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))


STATIONS = {f"{number:032x}": StationKey.of(private_key(number)) for number in range(1, 5)}
LOG = NoteSigner.of(ORIGIN, KeyKind.ED25519, private_key(100))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the beginning")
    tell_events()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary) / "log"
        if not (folder / "checkpoint").exists():
            write_export(folder, arguments.entries)
        tree = read_tree(folder, arguments.entries)
        tell_proofs(tree, folder)
        tell_verifier(folder)


def quantiles(seconds: Sequence[float]) -> str:
    """Median and 99th percentile in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1000:.3f} ms, p99 {cuts[98] * 1000:.3f} ms"


def events(count: int) -> Iterator[Event]:
    """Signed events of all stations in turn, as the journal makes them."""
    last: dict[str, Event] = {}
    for index in range(count):
        station = list(STATIONS)[index % len(STATIONS)]
        facts: Payload = {"encounter": f"{index:032x}", "galleries": ["gate"], "people": index}
        ops = canonical({"at": "2026-03-01T06:12:00Z", "facts": facts, "kind": "searched"})
        before = last.get(station)
        event = Event(
            movement="0195a3b4c5d67e8f9a0b1c2d3e4f5061",
            station=station,
            seq=before.seq + 1 if before else 1,
            prev=before.event_id() if before else FIRST_PREV,
            clock=(1_772_000_000_000 + index) << 16,
            kind=class_of("searched"),
            ops=payload_commitment(new_salt(), ops),
            author="officer-1",
            key=STATIONS[station].key_id,
        )
        last[station] = event.signed(STATIONS[station])
        yield last[station]


def tell_events() -> None:
    """What one event costs: payload, commitment, envelope, signature, leaf, root."""
    frontier = Frontier()
    seconds = []
    made = events(PROOFS)
    for _ in range(PROOFS):
        begin = time.perf_counter()
        frontier = frontier.append(leaf_hash(next(made).entry()))
        frontier.root()
        seconds.append(time.perf_counter() - begin)
    print(f"one event, made, signed and appended: {quantiles(seconds)}")


def write_export(folder: Path, count: int) -> None:
    """An export of so many events."""
    tree = Tree()
    entries: list[bytes] = []

    def flush() -> None:
        if entries:
            number = (tree.frontier.size - 1) // TILE_WIDTH
            put(folder / path_of("entries", number, len(entries)), bundle(entries))
            entries.clear()

    for event in events(count):
        entries.append(event.entry())
        tree.append(leaf_hash(entries[-1]))
        if len(entries) == TILE_WIDTH:
            flush()
    flush()
    for level, full, rest in widths(count):
        for number in range(full + (rest > 0)):
            width = TILE_WIDTH if number < full else rest
            put(folder / path_of(level, number, width), tree.tile(level, number))
    public = {name: key.private.public_key().public_bytes_raw() for name, key in STATIONS.items()}
    put(folder / "stations", station_lines(public))
    put(folder / "policy", Policy((LOG.key,)).to_bytes())
    put(folder / "checkpoint", checkpoint(tree, count).to_bytes())


def checkpoint(tree: Tree, size: int) -> Note:
    """A signed checkpoint of the first entries."""
    text = Checkpoint(ORIGIN, size, root_at(tree, size)).text
    return Note(text).signed_by(LOG.sign(text, 0))


def put(path: Path, data: bytes) -> None:
    """Write a file, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def read_tree(folder: Path, count: int) -> Tree:
    """The tree of an export, in memory."""
    tree = Tree()
    for number in range(-(-count // TILE_WIDTH)):
        width = min(TILE_WIDTH, count - number * TILE_WIDTH)
        data = (folder / path_of(0, number, width)).read_bytes()
        for at in range(0, len(data), 32):
            tree.append(data[at : at + 32])
    return tree


def tell_proofs(tree: Tree, folder: Path) -> None:
    """What making and verifying an inclusion proof costs, at random leaves."""
    size, root = tree.frontier.size, tree.frontier.root()
    chance = random.Random(1)
    making, verifying = [], []
    for _ in range(PROOFS):
        index = chance.randrange(size)
        begin = time.perf_counter()
        proof = inclusion_proof(tree, index, size)
        making.append(time.perf_counter() - begin)
        leaf = tree.tile(0, index // TILE_WIDTH)[index % TILE_WIDTH * 32 :][:32]
        begin = time.perf_counter()
        verify_inclusion(leaf, index, size, proof, root)
        verifying.append(time.perf_counter() - begin)
    print(f"inclusion proof out of {size:,} leaves, tiles in memory: {quantiles(making)}")
    print(f"verifying it: {quantiles(verifying)}")
    for number in range(10):
        write_proof(tree, folder.parent / f"{number}.tlog-proof", chance)


def write_proof(tree: Tree, path: Path, chance: random.Random) -> Path:
    """The proof file of any leaf."""
    index, size = chance.randrange(tree.frontier.size), tree.frontier.size
    put(path, ProofFile(index, inclusion_proof(tree, index, size), checkpoint(tree, size)).to_bytes())
    return path


def tell_verifier(folder: Path) -> None:
    """How long the stand-alone verifier takes, as an observer runs it."""
    proofs = [f"--proof={path}" for path in sorted(folder.parent.glob("*.tlog-proof"))]
    for words, more in (("hashes, chains and ten proofs", proofs), ("every signature too", ["--signatures"])):
        command = [sys.executable, verifier.__file__, str(folder), *more]
        told = [verifier_run(command) for _ in range(REPEATS if more == proofs else 1)]
        print(f"stand-alone verifier, {words}: {'; '.join(told)}")


def verifier_run(command: Sequence[str]) -> str:
    """Seconds on the clock, and of processors: the latter tell the time on two free cores, halved."""
    seconds, used = verifier_seconds(command)
    return f"{seconds:.1f} s (processors {used:.1f} s)"


def verifier_seconds(command: Sequence[str]) -> tuple[float, float]:
    """Seconds on the clock, and of processors."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, used


if __name__ == "__main__":
    main()
