"""Reading data sets: what is required, and one clear sentence for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.evaluation.builders import description, write_data_set, write_description

from musterpoint.errors import ListingError
from musterpoint.evaluation import DataSet
from musterpoint.limits import DATA_SET_IMAGES_MAX
from musterpoint.templates import FingerPosition

IMAGE = {"file": "a.png", "finger": "7", "impression": 1}
DIGEST = "0" * 64


def refusal(folder: Path, values: object) -> str:
    """What reading a folder with that description says."""
    (folder / "a.png").write_bytes(b"")
    write_description(folder, values)
    with pytest.raises(ListingError) as refused:
        DataSet.read(folder)
    assert str(folder / "dataset.json") in refused.value.where
    return f"{refused.value.where} {refused.value.expected} / {refused.value.found}"


def test_everything_that_the_description_says_is_kept(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.png").write_bytes(b"")
    image = IMAGE | {"file": "deep/a.png", "subject": "p1", "pixel_sha256": DIGEST}
    others = {"title": "Drawn", "sensor": "none", "width": 300, "height": 400, "source": "here"}
    write_description(tmp_path, description([image], ppi=569, **others))

    data_set = DataSet.read(tmp_path)

    assert (data_set.name, data_set.ppi, data_set.title, data_set.sensor) == ("drawn", 569, "Drawn", "none")
    assert (data_set.width_px, data_set.height_px) == (300, 400)
    sample = data_set.samples[0]
    assert (sample.finger, sample.impression, sample.subject) == ("7", 1, "p1")
    assert sample.pixel_sha256 == DIGEST
    assert data_set.path(sample) == tmp_path / "deep" / "a.png"


def test_the_order_of_the_description_does_not_matter(tmp_path: Path) -> None:
    forwards = DataSet.read(write_data_set(tmp_path, {3: [1, 2], 5: [1]}))
    values = json.loads((tmp_path / "dataset.json").read_text())
    values["images"].reverse()
    assert DataSet.read(write_description(tmp_path, values)).samples == forwards.samples


@pytest.mark.parametrize("key", ["name", "ppi", "images"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    values = description([IMAGE])
    del values[key]
    assert f"the key '{key}' / no such key" in refusal(tmp_path, values)


@pytest.mark.parametrize("key", ["file", "finger", "impression"])
def test_a_missing_key_of_an_image_is_named_with_the_image(tmp_path: Path, key: str) -> None:
    image = {name: value for name, value in IMAGE.items() if name != key}
    said = refusal(tmp_path, description([IMAGE | {"impression": 2}, image]))
    assert f"image 2 the key '{key}' / no such key" in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": 5}, "a text under 'name' / a JSON number"),
        ({"name": ""}, "printable characters under 'name'"),
        ({"name": "a\x1b[31m"}, "printable characters under 'name'"),
        ({"name": "a" * 201}, "printable characters under 'name'"),
        ({"ppi": "500"}, "a number under 'ppi' / a JSON text"),
        ({"ppi": True}, "a number under 'ppi' / a JSON truth value"),
        ({"ppi": 72}, "250 to 1200 pixels per inch under 'ppi' / 72"),
        ({"ppi": float("nan")}, "pixels per inch under 'ppi' / nan"),
        ({"width": 3.5}, "a whole number under 'width' / a JSON number"),
        ({"title": ["x"]}, "a text under 'title' / a JSON list"),
        ({"images": {}}, "a list under 'images' / a JSON object"),
        ({"images": []}, "entries under 'images' / 0"),
        ({"images": ["a.png"]}, "image 1 a JSON object / a JSON text"),
    ],
)
def test_a_wrong_value_is_explained(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    assert said in refusal(tmp_path, description([IMAGE]) | changes)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"finger": 7}, "a text under 'finger' / a JSON number"),
        ({"impression": "1"}, "a whole number under 'impression' / a JSON text"),
        ({"impression": True}, "a whole number under 'impression' / a JSON truth value"),
        ({"impression": -1}, "a whole number from 0"),
        ({"subject": 3}, "a text under 'subject' / a JSON number"),
        ({"pixel_sha256": "12ab"}, "64 hexadecimal digits"),
        ({"file": "/etc/hostname"}, "inside of the folder of the set / '/etc/hostname'"),
        ({"file": "../a.png"}, "inside of the folder of the set / '../a.png'"),
        ({"file": "b/../../a.png"}, "inside of the folder of the set"),
        ({"file": "."}, "inside of the folder of the set"),
        ({"file": "b.png"}, "a file that exists / no file 'b.png'"),
    ],
)
def test_a_wrong_value_of_an_image_is_explained(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    assert said in refusal(tmp_path, description([IMAGE | changes]))


def test_a_file_stands_for_one_image_only(tmp_path: Path) -> None:
    again = IMAGE | {"file": "./a.png", "impression": 2}
    assert "image 2 every file once" in refusal(tmp_path, description([IMAGE, again]))


def test_an_impression_of_a_finger_is_there_once(tmp_path: Path) -> None:
    again = IMAGE | {"file": "b.png"}
    assert "impression 1 of finger '7' a second time" in refusal(tmp_path, description([IMAGE, again]))


def test_a_finger_belongs_to_one_subject(tmp_path: Path) -> None:
    # Sets that number the fingers of each person anew would count strangers as mated.
    images = [IMAGE | {"subject": "p"}, IMAGE | {"file": "b.png", "impression": 2, "subject": "q"}]
    assert "finger '7' of a second subject" in refusal(tmp_path, description(images))


def test_too_many_images_are_refused_before_they_are_looked_at(tmp_path: Path) -> None:
    images: list[dict[str, object]] = [{}] * (DATA_SET_IMAGES_MAX + 1)
    assert f"entries under 'images' / {DATA_SET_IMAGES_MAX + 1:,}" in refusal(tmp_path, description(images))


def test_a_huge_description_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "dataset.json").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(ListingError, match="1,073,741,824 bytes"):
        DataSet.read(tmp_path)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"9" * 10_000])
def test_what_is_no_json_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "dataset.json").write_bytes(text)
    with pytest.raises(ListingError, match="expected JSON text"):
        DataSet.read(tmp_path)


def test_a_description_must_be_an_object(tmp_path: Path) -> None:
    assert "a JSON object / a JSON list" in refusal(tmp_path, [])


def test_a_folder_without_a_description_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ListingError, match="no such file"):
        DataSet.read(tmp_path)
    with pytest.raises(ListingError, match="no such file"):
        DataSet.read(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "a", "name": "b", "ppi": 500, "images": []}',
        '{"name": "a", "ppi": 500, "images": [{"file": "a.png", "finger": "7", "finger": "8"}]}',
    ],
)
def test_a_key_given_twice_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(ListingError, match="a second time"):
        DataSet.read(tmp_path)


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_link_out_of_the_folder_is_refused(tmp_path: Path, is_folder: bool) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "set"
    outside.mkdir()
    folder.mkdir()
    (outside / "b.png").write_bytes(b"")
    if is_folder:
        (folder / "deep").symlink_to(outside)
    else:
        (folder / "b.png").symlink_to(outside / "b.png")
    file = "deep/b.png" if is_folder else "b.png"
    write_description(folder, description([IMAGE | {"file": file}]))
    with pytest.raises(ListingError, match="leads out of it"):
        DataSet.read(folder)


def test_a_link_inside_of_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"")
    (tmp_path / "a.png").symlink_to("b.png")
    assert DataSet.read(write_description(tmp_path, description([IMAGE]))).samples[0].file == "a.png"


def test_a_position_is_kept_and_belongs_to_one_finger_of_a_subject(tmp_path: Path) -> None:
    named = IMAGE | {"subject": "p", "position": "right-index"}
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"")
    found = DataSet.read(write_description(tmp_path, description([named])))
    assert found.samples[0].position is FingerPosition.RIGHT_INDEX

    second = named | {"file": "b.png", "finger": "8"}
    assert "beside another at 'right-index'" in refusal(tmp_path, description([named, second]))
    other = named | {"file": "b.png", "impression": 2, "position": "left-index"}
    assert "at a second position" in refusal(tmp_path, description([named, other]))
    assert "a finger position" in refusal(tmp_path, description([IMAGE | {"position": "toe"}]))
