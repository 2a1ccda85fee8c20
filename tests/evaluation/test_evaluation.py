"""A whole evaluation with an engine whose results are known: figures, failures, resuming."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from tests.evaluation.builders import DrawnEngine, image_bytes, write_data_set, write_description

from musterpoint.errors import ListingError, StorageFull, VersionMismatch
from musterpoint.evaluation import (
    CompareRow,
    DataSet,
    Evaluation,
    Extract,
    Stage,
    evaluate,
    to_csv,
    to_json,
    to_npz,
)
from musterpoint.imaging import FingerImage, from_pixels, to_png
from musterpoint.templates import Template

NO_FINGER, NO_MINUTIAE = 0, 1
FINGERS = {20: [1, 2, 3], 30: [1, 2], 40: [1, 2]}


def run(*folders: Path, engine: DrawnEngine | None = None, cache: Path | None = None) -> Evaluation:
    return evaluate(
        [DataSet.read(folder) for folder in folders],
        workers=1,
        cache=cache,
        engine=engine or DrawnEngine(),
    )


def shown(evaluation: Evaluation) -> dict[str, object]:
    return to_json([evaluation])


def text_of(evaluation: Evaluation) -> list[str]:
    return to_csv([evaluation]).decode().splitlines()


def test_a_perfect_engine_makes_no_error(tmp_path: Path) -> None:
    found = shown(run(write_data_set(tmp_path / "a", FINGERS), write_data_set(tmp_path / "b", FINGERS)))
    counts = {"mated": 5, "nonmated": 16, "failures_to_extract": 0}
    rates = {"eer": 0.0, "fmr100": None, "fmr1000": None, "fmr10000": None, "zero_fmr": 0.0}
    assert found["sets"] == [{"name": name} | rates | counts | {"chimeric": False} for name in ("a", "b")]
    assert found["mean"] == rates | counts
    assert (found["extractor"], found["comparator"]) == ("drawn-1", "equal-1")


def test_the_mean_is_undefined_where_one_set_is(tmp_path: Path) -> None:
    small = write_data_set(tmp_path / "small", FINGERS)
    large = write_data_set(tmp_path / "large", {finger: [1, 2, 3, 4] for finger in range(2, 9)})
    found = shown(run(small, large))
    assert [each["fmr100"] for each in found["sets"]] == [None, 0.0]  # type: ignore[attr-defined]
    assert found["mean"]["fmr100"] is None  # type: ignore[index]
    assert found["mean"]["mated"] == (5 + 42) / 2  # type: ignore[index]


def test_images_without_a_template_count_as_errors_and_are_named(tmp_path: Path) -> None:
    fingers = FINGERS | {NO_FINGER: [1, 2], NO_MINUTIAE: [1, 2]}
    found = run(write_data_set(tmp_path, fingers)).sets[0]

    assert (len(found.trials.mated), len(found.trials.nonmated)) == (7, 48)
    assert np.isneginf(found.trials.mated).sum() == 2
    assert np.isneginf(found.trials.nonmated).sum() == 4 * 7 + 4
    assert found.values["zero_fmr"] == 2 / 7
    assert [(failure.file, failure.code) for failure in found.failures] == [
        ("0_1.png", "capture.no-finger"),
        ("0_2.png", "capture.no-finger"),
        ("1_1.png", "capture.no-minutiae"),
        ("1_2.png", "capture.no-minutiae"),
    ]
    assert not any(failure.is_defective for failure in found.failures)


def test_a_file_that_is_no_image_counts_as_a_failure_and_as_a_defect(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path, FINGERS)
    (folder / "30_2.png").write_bytes(b"not a picture")
    (folder / "40_1.png").write_bytes((folder / "40_1.png").read_bytes()[:60])
    found = run(folder).sets[0]

    assert [(failure.file, failure.code) for failure in found.failures] == [
        ("30_2.png", "image.unknown-format"),
        ("40_1.png", "image.truncated"),
    ]
    assert all(failure.is_defective for failure in found.failures)
    assert str(tmp_path) not in "".join(failure.reason for failure in found.failures)
    assert len(found.trials.mated) == 5
    assert np.isneginf(found.trials.mated).sum() == 2


def test_a_file_that_vanished_counts_as_a_defect(tmp_path: Path) -> None:
    data_set = DataSet.read(write_data_set(tmp_path, FINGERS))
    data_set.path(data_set.samples[0]).unlink()
    found = evaluate([data_set], workers=1, engine=DrawnEngine())
    assert [failure.is_defective for failure in found.sets[0].failures] == [True]


@pytest.mark.parametrize("ppi", [500, 569])
def test_pixels_are_checked_against_the_description(tmp_path: Path, ppi: int) -> None:
    generator = np.random.default_rng(5)
    images = []
    for finger in (20, 30):
        for impression in (1, 2):
            pixels = generator.integers(0, 256, (90, 80)).astype(np.uint8)
            file = f"{finger}_{impression}.png"
            (tmp_path / file).write_bytes(to_png(from_pixels(pixels, 500)))
            digest = hashlib.sha256(pixels.tobytes()).hexdigest()
            entry = {"file": file, "finger": str(finger), "impression": impression, "pixel_sha256": digest}
            images.append(entry)
    images[2]["pixel_sha256"] = "0" * 64
    write_description(tmp_path, {"name": "noise", "ppi": ppi, "images": images})

    found = run(tmp_path).sets[0]
    assert [(failure.file, failure.code) for failure in found.failures] == [("30_1.png", "listing.invalid")]


def test_scores_stand_at_their_pairs_when_templates_are_missing(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path, {20: [1, 9], NO_FINGER: [1], 24: [3, 5]})
    lines = text_of(run(folder))
    assert lines[0] == "protocol,set,probe,reference,mated,score_millinats,rank"
    name = folder.name
    assert lines[1:] == [
        f"verification,{name},0_1.png,20_1.png,0,-inf,",
        f"verification,{name},0_1.png,20_9.png,0,-inf,",
        f"verification,{name},0_1.png,24_3.png,0,-inf,",
        f"verification,{name},0_1.png,24_5.png,0,-inf,",
        f"verification,{name},20_1.png,20_9.png,1,992,",
        f"verification,{name},20_1.png,24_3.png,0,4,",
        f"verification,{name},20_1.png,24_5.png,0,4,",
        f"verification,{name},20_9.png,24_3.png,0,4,",
        f"verification,{name},20_9.png,24_5.png,0,4,",
        f"verification,{name},24_3.png,24_5.png,1,998,",
    ]


def test_scores_as_arrays_name_the_same_pairs_as_the_text(tmp_path: Path) -> None:
    result = run(write_data_set(tmp_path / "a", FINGERS), write_data_set(tmp_path / "b", {2: [1, 2], 3: [4]}))
    (tmp_path / "scores.npz").write_bytes(to_npz([result]))
    with np.load(tmp_path / "scores.npz") as arrays:
        rows = [
            f"{arrays['protocols'][arrays['protocol'][i]]},{arrays['names'][arrays['set'][i]]},"
            f"{arrays['labels'][arrays['probe'][i]]},{arrays['labels'][arrays['reference'][i]]},"
            f"{int(arrays['mated'][i])},{arrays['score'][i]:.0f},"
            for i in range(len(arrays["score"]))
        ]
    assert rows == text_of(result)[1:]


def test_the_pooled_threshold_says_what_each_set_loses_and_lets_through(tmp_path: Path) -> None:
    a = write_data_set(tmp_path / "a", {finger: [1, 2] for finger in range(2, 18)})
    b = write_data_set(tmp_path / "b", {2: [1, 2], 200: [1, 2]})  # differs by 198: above all of "a"
    pooled = shown(run(a, b))["pooled"]
    assert pooled["nonmated"] == 480 + 4  # type: ignore[index]
    threshold = pooled["thresholds"]["fmr100"]  # type: ignore[index]
    assert threshold["score_above_millinats"] == 15.0
    assert threshold["sets"] == [
        {"name": "a", "fnmr": 0.0, "false_matches": 0},
        {"name": "b", "fnmr": 0.0, "false_matches": 4},
    ]


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path, FINGERS | {NO_FINGER: [1, 2]})
    one = evaluate([DataSet.read(folder)], workers=1, engine=DrawnEngine())
    three = evaluate([DataSet.read(folder)], workers=3, engine=DrawnEngine())
    assert text_of(one) == text_of(three)
    assert shown(one) == shown(three)


def test_progress_counts_images_pairs_and_resamplings_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[Stage, int, int]] = []
    folder = write_data_set(tmp_path, FINGERS)
    evaluate(
        [DataSet.read(folder)],
        workers=1,
        progress=lambda *step: told.append(step),
        engine=DrawnEngine(),
    )
    for stage, total in ((Stage.EXTRACTION, 7), (Stage.COMPARISON, 21), (Stage.INTERVALS, 2000)):
        steps = [(done, of) for each, done, of in told if each is stage]
        assert steps[0] == (0, total)
        assert steps[-1] == (total, total)
        assert steps == sorted(steps)


def test_two_sets_of_one_name_are_refused(tmp_path: Path) -> None:
    a = write_data_set(tmp_path / "a", FINGERS)
    b = write_data_set(tmp_path / "b", FINGERS, name="a")
    with pytest.raises(ListingError, match="the name 'a' again"):
        run(a, b)


@dataclass(frozen=True)
class Idle(DrawnEngine):
    """An engine that must not be asked for a template."""

    def open_extractor(self) -> Extract:
        def fail(_: FingerImage) -> NoReturn:
            raise AssertionError("this template was known")

        return fail

    def open_comparator(self, templates: Sequence[Template]) -> CompareRow:
        def fail(_: int) -> NoReturn:
            raise AssertionError("this score was known")

        return fail


def test_a_second_run_takes_the_templates_from_the_folder(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "set", FINGERS)
    first = run(folder, cache=tmp_path / "work")
    assert text_of(run(folder, engine=Idle(), cache=tmp_path / "work")) == text_of(first)


def test_a_damaged_or_changed_entry_is_computed_anew(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "set", FINGERS)
    first = run(folder, cache=tmp_path / "work")
    for path in [*(tmp_path / "work").rglob("*.template"), *(tmp_path / "work").rglob("*.score")]:
        path.write_bytes(path.read_bytes()[:-1] + b"\x00\x00" if path.suffix == ".template" else b"")
    assert text_of(run(folder, cache=tmp_path / "work")) == text_of(first)


@pytest.mark.parametrize("change", ["extractor", "ppi", "pixels"])
def test_templates_are_not_taken_for_another_extractor_resolution_or_image(
    tmp_path: Path, change: str
) -> None:
    folder = write_data_set(tmp_path / "set", FINGERS)
    run(folder, cache=tmp_path / "work")
    engine = Idle(extractor="drawn-2") if change == "extractor" else Idle()
    if change == "ppi":
        write_data_set(folder, FINGERS, ppi=510)
    if change == "pixels":
        (folder / "20_1.png").write_bytes(image_bytes(20, 77))
    with pytest.raises(AssertionError, match="was known"):
        run(folder, engine=engine, cache=tmp_path / "work")


def test_only_the_owner_can_read_kept_templates(tmp_path: Path) -> None:
    run(write_data_set(tmp_path / "set", FINGERS), cache=tmp_path / "work")
    kept = list((tmp_path / "work").rglob("*"))
    assert sum(path.suffix == ".template" for path in kept) == 7
    assert sum(path.suffix == ".score" for path in kept) == 1
    assert not any(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO) for path in [*kept, tmp_path / "work"])


def test_nothing_is_kept_unless_a_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_data_set(tmp_path / "set", FINGERS)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MUSTERPOINT_CACHE", str(tmp_path / "cache"))
    before = sorted(tmp_path.rglob("*"))
    run(folder)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "set", FINGERS)
    (tmp_path / "work").write_text("a file, not a folder")
    with pytest.raises(StorageFull, match="name another folder"):
        run(folder, cache=tmp_path / "work")


@dataclass(frozen=True)
class Broken(DrawnEngine):
    """An engine that was not installed properly."""

    def open_extractor(self) -> Extract:
        raise VersionMismatch(expected="weights", found="none", hint="Install them")


@pytest.mark.parametrize("workers", [1, 2])
def test_an_engine_that_does_not_open_is_no_failure_of_the_images(tmp_path: Path, workers: int) -> None:
    data_set = DataSet.read(write_data_set(tmp_path, FINGERS))
    with pytest.raises(VersionMismatch, match="Install them"):
        evaluate([data_set], workers=workers, engine=Broken())


@dataclass(frozen=True)
class Short(DrawnEngine):
    """A comparator that forgets a reference."""

    def open_comparator(self, templates: list[Template]) -> CompareRow:  # type: ignore[override]
        whole = super().open_comparator(templates)
        return lambda row: whole(row)[:-1]


def test_a_comparator_must_answer_for_every_reference(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scores for"):
        run(write_data_set(tmp_path, FINGERS), engine=Short())


def test_json_holds_no_value_that_json_does_not_know(tmp_path: Path) -> None:
    found = shown(run(write_data_set(tmp_path, FINGERS | {NO_FINGER: [1]})))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
