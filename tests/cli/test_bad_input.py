"""Bad input: one clear sentence, a documented exit code, and nothing is changed."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.cli.conftest import Run
from tests.conftest import LEFT_INDEX, RIGHT_INDEX, fingers_of, impression_png
from tests.registries import in_table

from musterpoint.interchange import iso19794_2
from musterpoint.synthetic import cloth
from musterpoint.templates import Minutiae, Template

WHERE = ("--purpose", "departure", "--site", "Gate 1")


def _png(image: Image.Image, **options: object) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG", **({"dpi": (500, 500)} | options))
    return data.getvalue()


def _four_fingers() -> bytes:
    pixels = [fingers_of(seed)[LEFT_INDEX].impression(1).image.pixels for seed in (1, 2, 3, 4)]
    return _png(Image.fromarray(np.hstack(pixels)))


def _animated() -> bytes:
    frames = [Image.new("L", (300, 300), grey) for grey in (0, 128, 255)]
    data = io.BytesIO()
    frames[0].save(data, "PNG", save_all=True, append_images=frames[1:], dpi=(500, 500))
    return data.getvalue()


def _rotated() -> bytes:
    image = Image.fromarray(fingers_of(1)[RIGHT_INDEX].impression(1).image.pixels)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = io.BytesIO()
    image.save(data, "JPEG", exif=exif, dpi=(500, 500))
    return data.getvalue()


def _huge() -> bytes:
    return _png(Image.new("1", (10_000, 10_000)))


BAD: dict[str, Callable[[], bytes]] = {
    "not an image": lambda: b"%PDF-1.7 nothing of use",
    "zero bytes": lambda: b"",
    "truncated": lambda: impression_png(1)[:3000],
    "1 x 1": lambda: _png(Image.new("L", (1, 1))),
    "100 megapixels": _huge,
    "no resolution": lambda: _png(Image.new("L", (400, 400), 255), dpi=(0, 0)),
    "blank": lambda: _png(Image.new("L", (400, 400), 255)),
    "animated": _animated,
    "rotated by EXIF": _rotated,
    "cloth": lambda: _png(Image.fromarray(cloth(1).pixels)),
    "four fingers": _four_fingers,
    "a broken record": lambda: b"FMR\x00 20\x00\x00\x00\xff\xff" + b"\x01" * 20,
}


@pytest.mark.no_registry
@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_refused_in_one_sentence_and_change_nothing(
    run: Run, tmp_path: Path, kind: str
) -> None:
    good = tmp_path / "right-index.png"
    good.write_bytes(impression_png(1))
    assert run("screen", good, *WHERE).code == 0
    before = run("status", "--json").out
    bad = tmp_path / "left-index.png"
    bad.write_bytes(BAD[kind]())

    done = run("screen", good, bad, *WHERE)

    assert 2 <= done.code <= 69, done.err
    assert done.out == ""
    [sentence] = [line for line in done.err.splitlines() if not line.startswith("Acting as")]
    assert sentence.startswith("musterpoint: ")
    assert "left-index.png" in done.err
    assert "expected" in done.err
    assert "Traceback" not in done.err
    assert run("status", "--json").out == before


@pytest.mark.no_registry
@pytest.mark.parametrize(
    "make",
    [
        lambda pixels: Image.fromarray(pixels.astype(np.uint16) * 257),
        lambda pixels: Image.fromarray(pixels).convert("RGB"),
        lambda pixels: Image.fromarray(pixels).convert("RGBA"),
        lambda pixels: Image.fromarray(pixels).convert("LA"),
        lambda pixels: Image.fromarray(255 - pixels),
    ],
    ids=["16 bit", "colour", "colour and alpha", "grey and alpha", "light ridges"],
)
def test_other_forms_of_the_same_print_give_the_same_answer(
    run: Run, tmp_path: Path, make: Callable[[np.ndarray], Image.Image]
) -> None:
    pixels = fingers_of(1)[RIGHT_INDEX].impression(1).image.pixels
    plain, other = tmp_path / "a.png", tmp_path / "b.png"
    plain.write_bytes(_png(Image.fromarray(pixels)))
    other.write_bytes(_png(make(pixels)))

    first, second = run("inspect", plain, "--json").json, run("inspect", other, "--json").json

    assert second["quality"] == pytest.approx(first["quality"], abs=1)
    assert len(second["minutiae"]) == pytest.approx(len(first["minutiae"]), abs=1)


def _all_at(places: list[tuple[int, int]]) -> bytes:
    """A record of another program whose minutiae lie at these places only."""
    directions = range(0, 65_536, 65_536 // len(places))
    rows = sorted((y, x, turn) for (x, y), turn in zip(places, directions, strict=False))
    y, x, turn = (np.array(column) for column in zip(*rows, strict=True))
    count = len(rows)
    minutiae = Minutiae(
        x=x.astype(np.int16),
        y=y.astype(np.int16),
        direction=turn.astype(np.uint16),
        kind=np.ones(count, np.uint8),
        quality=np.full(count, 200, np.uint8),
    )
    template = Template(minutiae=minutiae, width_px=400, height_px=400, position=RIGHT_INDEX)
    return iso19794_2.write([template])


@pytest.mark.parametrize("count", [1, 2, 60])
def test_a_record_that_is_not_even_like_itself_says_nothing_of_anybody(
    run: Run, tmp_path: Path, count: int
) -> None:
    (tmp_path / "place.fmr").write_bytes(_all_at([(100, 100)] * count))
    (tmp_path / "line.fmr").write_bytes(_all_at([(20 + 6 * k, 200) for k in range(60)]))

    first = run("screen", "right-index=line.fmr", *WHERE, "--json").json
    assert (first["answer"], first["decision"]) == ("not known", "cleared")
    assert run("screen", "right-index=line.fmr", *WHERE, "--json").json["answer"] == "being decided"

    for _ in range(2):
        found = run("screen", "right-index=place.fmr", *WHERE, "--json").json
        assert (found["answer"], found["reason"], found["decision"]) == ("cannot tell", "quality", "open")
    for command in (
        ("compare", "place.fmr", "line.fmr"),
        ("compare", "line.fmr", "place.fmr", "--fmr", "0.001"),
        ("verify", first["encounter"], "right-index=place.fmr", "--purpose", "departure"),
    ):
        refused = run(*command)
        assert refused.code == 4, command
        assert "not even similar to themselves" in refused.err


@pytest.mark.no_registry
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("screen", *WHERE), 3, "--not-captured"),
        (("screen", "nowhere.png", *WHERE), 3, "no such file"),
        (("screen", "x.png"), 2, "--purpose"),
        (("screen", "--not-captured", "tired", *WHERE), 3, "bandaged"),
        (("screen", "third-eye=x.png", *WHERE), 3, "right-index"),
        (("screen", ".", "--batch", *WHERE), 3, "PERSON"),
        (("enrol", "nowhere", "--gallery", "g"), 3, "nothing of this name"),
        (("subjects",), 10, "registry"),
        (("adjudicate", "next"), 10, "registry"),
        (("decide",), 10, "registry"),
        (("receipt", "12345678"), 10, "registry"),
        (("alarms",), 10, "registry"),
        (("screen", "--not-captured", "refused", "--born", "soon", *WHERE), 3, "2009"),
        (("identify", "x.png"), 10, "registry"),
        (("evaluate", "nowhere"), 2, "does not exist"),
        (("evaluate", "."), 3, "dataset.json"),
        (("compare", "a", "b"), 3, "no such file"),
        (("nonsense",), 2, "No such command"),
    ],
)
def test_mistakes_on_the_command_line_are_explained(
    run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = run(*arguments)

    assert done.code == code, done.err
    assert words in done.err
    assert done.out == ""


def test_a_registry_that_lacks_a_table_is_said_to_be_damaged(run: Run, tmp_path: Path) -> None:
    run("screen", "--not-captured", "refused", *WHERE)
    in_table(tmp_path / "registry", "ALTER TABLE encounter RENAME TO gone")

    assert run("status").code == 7


@pytest.mark.sqlite_only("breaks the file")
def test_a_damaged_file_is_said_to_be_damaged(run: Run, tmp_path: Path) -> None:
    run("screen", "--not-captured", "refused", *WHERE)
    (tmp_path / "registry" / "registry.db").write_bytes(b"\x00" * 8192)

    assert run("status").code == 7


@pytest.mark.no_registry
def test_every_command_explains_itself(run: Run) -> None:
    from musterpoint.cli.app import COMMANDS

    for name in COMMANDS:
        done = run(name, "--help")
        assert done.code == 0
        assert "Usage: musterpoint " + name in done.out
