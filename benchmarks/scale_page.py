"""What `scale` measured, as a table and as the section of `docs/performance.md`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.scale_plot import draw_growth, draw_scores
from benchmarks.scale_results import CHIMERAS, SYNTHETIC, Distribution, Gallery, Results

DOCS: Final = Path(__file__).parent.parent / "docs"
PAGE: Final = DOCS / "performance.md"
BEGIN, END = "<!-- scale: begin -->", "<!-- scale: end -->"
GROWTH, SCORES = "images/search-growth.svg", "images/search-decoys.svg"
HEAD: Final = (
    "| people | decoys | probes | mates | among the filter's first 100 | listed | first | strong enough "
    "| filter | whole search | a finger: filter / all else | loaded | load |"
)
NATS_TOLD: Final = (-2.0, 0.0, 2.0, 4.0)


def table(results: Results) -> str:
    """All galleries, the smallest first."""
    galleries = [*results.of_kind(CHIMERAS), *results.of_kind(SYNTHETIC)]
    rows = [rows_of(one) for one in galleries]
    return "\n".join([HEAD, "|---" * HEAD.count(" |") + "|", *rows])


def rows_of(one: Gallery) -> str:
    """A row of the table for each kind of probes."""
    held = f"{one.filter_bytes:,.0f} / {one.other_bytes:,.0f} B"
    loaded = f"{one.load_s:.1f} s ({one.load_processor_s:.1f} s of processors)"
    rows = []
    for number, each in enumerate(one.searches):
        found = (each.first_hundred, each.listed, each.first, each.strong_enough)
        shares = ["" if share is None else f"{100 * share:.2f} %" for share in found]
        cells = [
            f"{one.size:,}",
            one.decoys,
            each.probes,
            f"{each.mates:,}",
            *shares,
            f"{each.filter_ms:.1f} ms",
            f"{each.whole_ms:.0f} ms",
            *(("", "") if number else (held, loaded)),
            f"{one.machine_load}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def spread_table(scores: list[Distribution]) -> str:
    """How often each kind of pairs reaches some scores."""
    names = " | ".join(f"{nats:g}" for nats in NATS_TOLD)
    rows = [f"| pairs | how many | share that reaches {names} nats |", f"|---|---|{'---|' * len(NATS_TOLD)}"]
    for one in scores:
        reached = dict(zip(one.nats, one.reached, strict=True))
        cells = " | ".join(f"{reached[nats] / one.pairs:.2g}" for nats in NATS_TOLD)
        rows.append(f"| {one.name} | {one.pairs:,} | {cells} |")
    return "\n".join(rows)


def section(results: Results) -> str:
    """The whole section between its marks."""
    dates = sorted({one.measured for one in results.galleries})
    when = " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "not yet"
    comparators = ", ".join(sorted({one.comparator for one in results.galleries}))
    return "\n\n".join(
        [
            f"Measured {when}, comparator {comparators}.",
            table(results),
            f"![Hits, times, memory and loading by the number of people]({GROWTH})",
            spread_table(results.scores),
            f"![How often different fingers reach a score, and mates stay below it]({SCORES})",
        ]
    )


def write(results: Results) -> None:
    """Draw the pictures, and put the section between its marks."""
    (DOCS / GROWTH).write_text(draw_growth(results), encoding="utf-8")
    (DOCS / SCORES).write_text(draw_scores(results), encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{section(results)}\n{END}{after}", encoding="utf-8")
