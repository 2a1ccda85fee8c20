"""The protocols beside verification: two impressions, several fingers, searches; results known beforehand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.evaluation.builders import DrawnEngine, write_data_set, write_description

from musterpoint.errors import ListingError
from musterpoint.evaluation import (
    DataSet,
    Evaluation,
    Protocol,
    Settings,
    Stage,
    Weights,
    evaluate_all,
    to_csv,
    to_json,
)
from musterpoint.evaluation.people import MIXED, People, people_of
from musterpoint.templates import FingerPosition, Template

NO_FINGER = 0


def run(*folders: Path, **settings: object) -> tuple[Evaluation, ...]:
    asked = Settings(workers=1, **settings)  # type: ignore[arg-type]
    return evaluate_all([DataSet.read(folder) for folder in folders], asked, engine=DrawnEngine())


def real_set(folder: Path, subjects: int, fingers: int, impressions: int = 2) -> Path:
    """People with several fingers each, whose description says whose finger is whose."""
    numbers = range(2, 2 + subjects * fingers)
    write_data_set(folder, {number: range(1, impressions + 1) for number in numbers})
    values = json.loads((folder / "dataset.json").read_text())
    for image in values["images"]:
        place = int(image["finger"]) - 2
        image["subject"] = f"p{place // fingers}"
        image["position"] = FingerPosition(1 + place % fingers).label
    return write_description(folder, values)


def test_two_impressions_are_scored_as_the_better_one(tmp_path: Path) -> None:
    [found] = run(
        write_data_set(tmp_path / "a", {20: [1, 3, 9], 30: [1]}), protocols=(Protocol.TWO_IMPRESSIONS,)
    )
    lines = to_csv([found]).decode().splitlines()[1:]
    assert lines == [
        "two-impressions,a,20_1.png,20_3.png & 20_9.png,1,998,",
        "two-impressions,a,20_3.png,20_1.png & 20_9.png,1,998,",
        "two-impressions,a,20_9.png,20_1.png & 20_3.png,1,994,",
        "two-impressions,a,30_1.png,20_1.png & 20_3.png,0,10,",
        "two-impressions,a,30_1.png,20_1.png & 20_9.png,0,10,",
        "two-impressions,a,30_1.png,20_3.png & 20_9.png,0,10,",
    ]


def refuse(*folders: Path, match: str, **settings: object) -> None:
    """Insist that it is refused before anything is extracted, which may take hours."""
    asked = Settings(workers=1, **settings)  # type: ignore[arg-type]
    reached: list[Stage] = []
    with pytest.raises(ListingError, match=match):
        evaluate_all(
            [DataSet.read(folder) for folder in folders],
            asked,
            engine=DrawnEngine(),
            progress=lambda stage, _done, _total: reached.append(stage),
        )
    assert reached == []


def test_two_impressions_need_a_finger_with_three(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {20: [1, 2], 30: [1]})
    protocols = (Protocol.VERIFICATION, Protocol.TWO_IMPRESSIONS)
    refuse(folder, match=r"expected a finger with three impressions.*found at most 2", protocols=protocols)
    other = write_data_set(tmp_path / "b", {20: [1, 2, 3], 30: [1]})
    assert len(run(folder, other, protocols=protocols)) == 2


@pytest.mark.parametrize("protocol", [Protocol.FUSED, Protocol.IDENTIFICATION])
def test_too_few_fingers_are_refused(tmp_path: Path, protocol: Protocol) -> None:
    folder = write_data_set(tmp_path / "a", {number: [1, 2] for number in range(20, 60, 10)})
    protocols = (Protocol.VERIFICATION, protocol)
    refuse(folder, match="two people with 10 fingers each", protocols=protocols, fingers=(2, 10))


@pytest.mark.parametrize("protocol", [Protocol.TWO_IMPRESSIONS, Protocol.FUSED])
def test_more_trials_than_can_be_held_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: Protocol
) -> None:
    monkeypatch.setattr("musterpoint.evaluation.comparing_people.TRIALS_MAX", 20)
    folder = write_data_set(tmp_path / "a", {number: [1, 2, 3] for number in range(20, 60, 10)})
    refuse(folder, match="at most 20 trials", protocols=(protocol,))


def test_a_visit_with_which_nobody_can_be_enrolled_is_refused(tmp_path: Path) -> None:
    """Searches in an empty gallery would raise no alarm, and look like a merit."""
    folder = write_data_set(tmp_path / "a", {number: [1, 2] for number in range(20, 60, 10)})
    protocols = (Protocol.VERIFICATION, Protocol.IDENTIFICATION)
    refuse(folder, match=r"with a visit 3.*at most 2 visits.*--enrol", protocols=protocols, enrolled=3)
    assert len(run(folder, protocols=protocols, enrolled=2)) == 2


@pytest.mark.parametrize("impressions", [{20: [1], 30: [1]}, {20: [1, 2]}])
def test_a_set_without_mated_or_without_nonmated_pairs_is_refused_beside_others_too(
    tmp_path: Path, impressions: dict[int, list[int]]
) -> None:
    sound = [write_data_set(tmp_path / name, {20: [1, 2], 30: [1]}) for name in ("a", "b")]
    useless = write_data_set(tmp_path / "c", impressions)
    refuse(*sound, useless, match="at least two fingers")
    beside = (DataSet.read(useless),)
    refuse(*sound, match="at least two fingers", weights=Weights.LEAVE_ONE_SET_OUT, beside=beside)


def fingers_of(group: People, drawing: int) -> list[int]:
    return [sample for one in group.people if one.drawing == drawing for sample in one.visits[0]]


@pytest.mark.parametrize("count", [2, 3])
def test_chimeric_people_of_one_drawing_share_no_finger(tmp_path: Path, count: int) -> None:
    data_set = DataSet.read(write_data_set(tmp_path / "a", {number: [1, 2] for number in range(2, 12)}))
    [group] = people_of([data_set], count)
    assert group.is_chimeric
    for drawing in range(8):
        used = fingers_of(group, drawing)
        assert len(used) == len(set(used)) == 10 // count * count
    assert fingers_of(group, 0) != fingers_of(group, 1)


def test_sets_with_too_few_fingers_are_mixed_with_one_sensor_at_a_position(tmp_path: Path) -> None:
    sets = [
        DataSet.read(write_data_set(tmp_path / name, {number: [1, 2] for number in range(2, 8)}))
        for name in ("a", "b")
    ]
    [group] = people_of(sets, 6)
    assert (group.name, group.is_chimeric) == (MIXED, True)
    for person in group.people:
        assert [sample >= 12 for sample in person.visits[0]] == [False, True] * 3
        assert len(set(person.positions)) == 6
    assert len({person.name for person in group.people if person.drawing == 0}) == 2


def test_real_people_are_taken_where_the_set_says_who_is_who(tmp_path: Path) -> None:
    data_set = DataSet.read(real_set(tmp_path / "a", subjects=3, fingers=3))
    [group] = people_of([data_set], 2)
    assert not group.is_chimeric
    people = {person.name: person for person in group.people}
    assert set(people) == {"p0", "p1", "p2"}
    assert people["p0"].positions == (FingerPosition.RIGHT_INDEX, FingerPosition.RIGHT_MIDDLE)
    assert [data_set.samples[sample].finger for sample in people["p0"].visits[0]] == ["3", "4"]


def test_people_without_fingers_enough_are_refused(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {20: [1, 2], 30: [1, 2], 40: [1, 2]})
    with pytest.raises(ListingError, match="two people with 2 fingers"):
        run(folder, protocols=(Protocol.FUSED,), fingers=(2,))


def test_where_a_second_impression_is_missing_that_is_asked_for(tmp_path: Path) -> None:
    once = write_data_set(tmp_path / "once", {number: [1] for number in range(2, 12)})
    with pytest.raises(ListingError, match=r"10 fingers in 1 set, 0 of them in two.*second impression"):
        people_of([DataSet.read(once)], 1)
    few = write_data_set(tmp_path / "few", {20: [1, 2], 30: [1, 2], 40: [1, 2]})
    with pytest.raises(ListingError, match="ask for fewer fingers"):
        people_of([DataSet.read(few)], 2)


def test_fingers_are_fused_by_position_and_a_missing_template_is_left_out(tmp_path: Path) -> None:
    folder = real_set(tmp_path / "a", subjects=2, fingers=2)
    [found] = run(folder, protocols=(Protocol.FUSED,), fingers=(2,))
    assert found.unit == "person"
    assert found.pooled.trials.mated.tolist() == [999 + 999, 999 + 999]
    assert found.pooled.trials.nonmated.tolist() == [2 + 2] * 4

    (folder / "2_1.png").write_bytes(b"not a picture")
    [found] = run(folder, protocols=(Protocol.FUSED,), fingers=(2,))
    assert found.pooled.trials.mated.tolist() == [999, 999 + 999]


def test_a_visit_without_any_template_is_a_failure(tmp_path: Path) -> None:
    folder = real_set(tmp_path / "a", subjects=2, fingers=2)
    for name in ("2_1.png", "3_1.png"):
        (folder / name).write_bytes(b"not a picture")
    [found] = run(folder, protocols=(Protocol.FUSED,), fingers=(2,))
    assert found.pooled.trials.mated.tolist() == [-np.inf, 999 + 999]
    assert np.isneginf(found.pooled.trials.nonmated).sum() == 2
    assert [name for name, _ in found.failures] == ["a", "a"]


def test_searches_find_whoever_is_enrolled_and_count_those_who_are_not(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {number: [1, 2, 3] for number in range(20, 120, 10)})
    [found] = run(folder, protocols=(Protocol.IDENTIFICATION,))
    trials = found.pooled.trials
    # Of ten people five are enrolled at a time; two visits of each are mated, three of the others non-mated.
    assert (len(trials.mated), len(trials.nonmated)) == (2 * 5 * 2, 2 * 5 * 3)
    assert found.gallery_people == 5
    assert trials.rank is not None
    assert set(trials.rank[trials.is_mated].tolist()) == {1}
    assert (found.pooled.values["rank1"], found.pooled.values["fnir10"]) == (1.0, 0.0)
    assert trials.nonmated.min() >= 10
    assert to_json([found])["cmc"] == [1.0] * 20


def test_searches_under_every_visit_in_turn(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {number: [1, 2, 3] for number in range(20, 120, 10)})
    [found] = run(folder, protocols=(Protocol.IDENTIFICATION,), enrolled=3)
    assert (len(found.pooled.trials.mated), len(found.pooled.trials.nonmated)) == (60, 90)


@dataclass(frozen=True)
class Undecided(DrawnEngine):
    """An engine to which all people are equal."""

    def _score(self, one: Template, other: Template) -> int:
        return 7


def test_whoever_is_as_strong_as_the_mate_comes_before_them(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {number: [1, 2] for number in range(20, 120, 10)})
    settings = Settings(protocols=(Protocol.IDENTIFICATION,), workers=1)
    [found] = evaluate_all([DataSet.read(folder)], settings, engine=Undecided())
    trials = found.pooled.trials
    assert trials.rank is not None
    assert set(trials.rank[trials.is_mated].tolist()) == {5}
    assert found.pooled.values["fnir10"] == 1.0


def test_a_probe_without_a_template_finds_nobody(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {number: [1, 2] for number in range(20, 100, 10)})
    (folder / "20_2.png").write_bytes(b"not a picture")
    [found] = run(folder, protocols=(Protocol.IDENTIFICATION,))
    trials = found.pooled.trials
    assert trials.rank is not None
    assert sorted(trials.rank[trials.is_mated].tolist()) == [0] + [1] * 7
    assert np.isneginf(trials.mated).sum() == 1
    assert np.isneginf(trials.nonmated).sum() == 1


def test_kept_searches_are_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_data_set(tmp_path / "a", {number: [1, 2] for number in range(20, 100, 10)})
    [first] = run(folder, protocols=(Protocol.IDENTIFICATION,), cache=tmp_path / "work")
    monkeypatch.setattr(DrawnEngine, "open_gallery", None)
    [again] = run(folder, protocols=(Protocol.IDENTIFICATION,), cache=tmp_path / "work")
    assert to_csv([again]) == to_csv([first])


def test_several_protocols_stand_in_one_document(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {number: [1, 2, 3] for number in range(20, 100, 10)})
    found = to_json(run(folder, protocols=tuple(Protocol)))
    further = found["further"]
    assert isinstance(further, list)
    titles = [(one["protocol"], one["fingers"]) for one in further]
    expected = [("two-impressions", 1), ("fused", 2), ("fused", 4), ("identification", 1)]
    assert (found["protocol"], titles) == ("verification", expected)


def test_a_set_cannot_be_left_out_of_one(tmp_path: Path) -> None:
    folder = write_data_set(tmp_path / "a", {20: [1, 2], 30: [1, 2]})
    with pytest.raises(ListingError, match="two sets at least"):
        run(folder, weights=Weights.LEAVE_ONE_SET_OUT)
