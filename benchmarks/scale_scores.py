"""How decoys score beside real fingers: a decoy that scores lower than other people do proves little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from benchmarks.scale_results import CHIMERAS, REAL, SYNTHETIC, Distribution
from benchmarks.search import Prints
from benchmarks.search_decoys import Decoys

from musterpoint.comparison import Bare, ReadyProbe, normalised, prepare, score_bare

DECOYS: Final = 10_000
"""People of the gallery whose first ones are compared: the smallest that is measured."""

COMPARED: Final = 250
NATS: Final = tuple(np.arange(-8.0, 20.25, 0.25).tolist())

DECOY_NAMES: Final = {CHIMERAS: "chimeras", SYNTHETIC: "synthetic decoys"}

I32 = npt.NDArray[np.int32]
Bool = npt.NDArray[np.bool_]


def all_distributions(
    probes: Mapping[str, Prints], decoys: Callable[[str, int], Decoys]
) -> list[Distribution]:
    """Scores of mates and of others: among real prints, against decoys of both kinds, among synthetic."""
    real = probes[REAL]
    ready = _ready(real)
    among = _among(real, ready)
    same = real.finger[:, None] == real.finger[None, :]
    apart = real.set_of[:, None] != real.set_of[None, :]
    upper = np.triu(np.ones_like(same), 1)
    found = [
        _spread("real fingers, within a set", among[upper & ~same & ~apart]),
        _spread("real fingers, across sets", among[upper & apart]),
    ]
    for kind in (CHIMERAS, SYNTHETIC):
        made = decoys(kind, DECOYS)
        scores, own = against(real, ready, made)
        found.append(_spread(f"real fingers and {DECOY_NAMES[kind]}", scores[~own]))
    found.append(_spread("real mates", among[upper & same], mated=True))
    if SYNTHETIC in probes:
        synthetic = probes[SYNTHETIC]
        among = _among(synthetic, _ready(synthetic))
        same = synthetic.finger[:, None] == synthetic.finger[None, :]
        upper = np.triu(np.ones_like(same), 1)
        found.append(_spread("synthetic fingers", among[upper & ~same]))
        found.append(_spread("synthetic mates", among[upper & same], mated=True))
    return found


def against(prints: Prints, ready: ReadyProbe, made: Decoys) -> tuple[I32, Bool]:
    """Scores of all prints against the first decoys, milli-nats, and which decoys are made of their finger.

    returns  int32 and bool (decoys, prints)
    """
    columns = made.gallery.view().segments[0].columns
    raw = score_bare(ready, columns.bare, np.arange(COMPARED))
    scores = normalised(raw, ready.means, columns.means[:COMPARED, None])
    parents = made.parents[:COMPARED]
    own = (parents[:, :, None] == prints.finger[None, None, :]).any(axis=1)
    return scores, own


def _ready(prints: Prints) -> ReadyProbe:
    return ReadyProbe.of([prepare(one) for one in prints.templates])


def _among(prints: Prints, ready: ReadyProbe) -> I32:
    raw = score_bare(ready, Bare(*prints.packed()), np.arange(len(prints.templates)))
    return normalised(raw, ready.means, prints.means()[:, None])


def _spread(name: str, scores: I32, *, mated: bool = False) -> Distribution:
    ordered = np.sort(scores.ravel()) / 1000
    reached = len(ordered) - np.searchsorted(ordered, NATS, side="left")
    return Distribution(
        name=name, mated=mated, pairs=len(ordered), nats=NATS, reached=tuple(reached.tolist())
    )
