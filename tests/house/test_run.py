"""`./run` prepares its environment once, wherever it is called, and survives what happens to it."""

from __future__ import annotations

import fcntl
import importlib.util
import signal
from pathlib import Path

import pytest
from tests.house.small_clone import SmallClone, make_small_clone
from tools.bootstrap import TASKS, with_output

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("ensurepip") is None, reason="without ensurepip, pip would come from the network"
)

INSTALLING = "run: installing what requirements/"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> SmallClone:
    """A clone with a space in its name, prepared through a symbolic link from elsewhere."""
    folder = tmp_path_factory.mktemp("place")
    clone = make_small_clone(folder / "a clone")
    (folder / "link").symlink_to(clone.root / "run")
    hostile = {"PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere", "PIP_TARGET": str(folder / "target")}

    result = clone.run("musterpoint", "hello", cwd=folder, run=str(folder / "link"), PIP_USER="1", **hostile)

    assert result.returncode == 0, result.stderr
    assert result.stdout == f"['hello'] {folder} {clone.root}/src/musterpoint/__main__.py False\n"
    assert "1 of 1: needed 1.0" in result.stderr
    assert "['prepare']" in result.stderr
    assert not (folder / "target").exists()
    return clone


@pytest.fixture
def clone(prepared: SmallClone, tmp_path: Path) -> SmallClone:
    """A prepared clone for one test alone."""
    return prepared.copy(tmp_path / "moved")


@pytest.fixture
def planted(clone: SmallClone) -> Path:
    """A file that lasts as long as the environment that it lies in."""
    file = clone.root / ".venv" / "planted"
    file.touch()
    return file


def test_a_prepared_clone_starts_at_once_even_when_moved(clone: SmallClone) -> None:
    result = clone.run("musterpoint", "again", PIP_FIND_LINKS="/nowhere")

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"['again'] {clone.root} {clone.root}/src/musterpoint/__main__.py False\n"


def test_the_demonstration_stays_in_the_clone(clone: SmallClone) -> None:
    result = clone.run("demo", "--people", "3")

    assert f"['demo', '--output', '{clone.root}/build/demo', '--people', '3']" in result.stdout


@pytest.mark.parametrize("option", [["--output", "here"], ["--output=here"]])
def test_the_demonstration_goes_where_the_caller_says(option: list[str]) -> None:
    assert with_output(option) == option


def test_tools_are_added_without_a_new_environment(clone: SmallClone, planted: Path) -> None:
    result = clone.run("test", "-q")

    assert result.stderr.count(INSTALLING) == 1
    assert "1 of 1: pytest 1.0" in result.stderr
    assert planted.exists()


def test_a_changed_lock_makes_a_new_environment(clone: SmallClone, planted: Path) -> None:
    clone.require("runtime", "needed", "added")

    result = clone.run("python", "-c", "import needed, added")

    assert result.returncode == 0, result.stderr
    assert not planted.exists()


def test_changed_tools_do_not_matter_to_those_who_only_use_the_product(
    clone: SmallClone, planted: Path
) -> None:
    clone.run("test", "-q")
    clone.require("development", "needed", "pytest", "added")

    result = clone.run("musterpoint")

    assert (result.returncode, result.stderr) == (0, "")
    assert planted.exists()


def test_a_failed_renewal_is_one_sentence_and_leaves_the_old_environment(
    clone: SmallClone, planted: Path
) -> None:
    lock = clone.root / "requirements/runtime.lock"
    sound = lock.read_text()
    lock.write_text(sound.replace("sha256:", "sha256:0000")[:-5] + "\n")

    result = clone.run("musterpoint")
    lock.write_text(sound)
    afterwards = clone.run("musterpoint")

    assert result.returncode == 69
    assert result.stderr.splitlines()[-1].startswith("run: could not prepare the environment: ")
    assert "Traceback" not in result.stderr
    assert (afterwards.returncode, afterwards.stderr) == (0, "")
    assert planted.exists()


def test_killed_half_way_it_is_made_anew(clone: SmallClone) -> None:
    clone.require("runtime", "needed", "added")
    with clone.start("musterpoint") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if INSTALLING in line:
                break
        process.send_signal(signal.SIGKILL)

    result = clone.run("python", "-c", "import needed, added")

    assert result.returncode == 0, result.stderr
    assert INSTALLING in result.stderr


def test_of_two_at_once_one_prepares_and_the_other_waits(clone: SmallClone) -> None:
    told = ["", ""]
    with (clone.root / ".venv.lock").open("r+") as guard:
        # Neither begins before the other is there, however busy the machine.
        fcntl.flock(guard, fcntl.LOCK_EX)
        both = [clone.start("test") for _ in told]
        for number, process in enumerate(both):
            assert process.stderr is not None
            told[number] = process.stderr.readline()
            assert "waiting until it ends" in told[number]

    for number, process in enumerate(both):
        with process:
            assert process.stderr is not None
            told[number] += process.stderr.read()
    assert [process.returncode for process in both] == [0, 0], told
    assert "".join(told).count(INSTALLING) == 1


def test_packages_are_not_changed_under_a_running_command(clone: SmallClone) -> None:
    with clone.start("python", "-c", "import time; print('started', flush=True); time.sleep(99)") as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "started\n"
        with clone.start("test") as changing:
            assert changing.stderr is not None
            assert "waiting until it ends" in changing.stderr.readline()
            running.kill()
            changing.communicate(timeout=600)

    assert changing.returncode == 0


def test_without_a_task_the_tasks_are_listed_and_nothing_is_prepared(tmp_path: Path) -> None:
    clone = make_small_clone(tmp_path / "clone")

    result = clone.run()

    assert result.returncode == 0
    assert all(f"./run {name}" in result.stdout for name in TASKS)
    assert not (clone.root / ".venv").exists()


def test_an_unknown_task_is_one_sentence(prepared: SmallClone) -> None:
    result = prepared.run("tset")

    assert result.returncode == 69
    assert result.stderr == f"run: expected one of {', '.join(TASKS)}; found 'tset'.\n"


def test_a_python_that_cannot_be_used_is_one_sentence(prepared: SmallClone) -> None:
    result = prepared.run("musterpoint", MUSTERPOINT_PYTHON="/nowhere/python3")

    assert result.returncode == 69
    assert result.stderr == "run: MUSTERPOINT_PYTHON names no Python 3.11 or newer: /nowhere/python3.\n"


def test_without_a_python_it_says_where_to_get_one(tmp_path: Path) -> None:
    clone = make_small_clone(tmp_path / "clone")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "readlink"):
        (tools / name).symlink_to(Path("/usr/bin") / name)

    result = clone.run("musterpoint", MUSTERPOINT_PYTHON="", PATH=str(tools))

    assert result.returncode == 69
    assert "no Python 3.11 or newer was found" in result.stderr
