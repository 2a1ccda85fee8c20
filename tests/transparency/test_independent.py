"""An implementation in another language, written by others, agrees: golang.org/x/mod/sumdb.

Debian has it as `golang-golang-x-mod-dev`, and the compiler as `golang-go`. Where Go is missing the test
is skipped on a machine of a person, and fails where CI=true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.transparency.keys import CHECKPOINT, LOG, LOG_PRIVATE, ORIGIN, SECONDS
from tests.transparency.test_tree import numbered, tree_of

from musterpoint.errors import NotProven
from musterpoint.transparency.checkpoints import Checkpoint
from musterpoint.transparency.hashing import leaf_hash
from musterpoint.transparency.note_keys import valid_signatures
from musterpoint.transparency.notes import Note, parse_note
from musterpoint.transparency.proofs import (
    consistency_proof,
    inclusion_proof,
    root_at,
    verify_consistency,
    verify_inclusion,
)

pytestmark = pytest.mark.no_registry

PROGRAM = Path(__file__).parent / "independent" / "main.go"
LIBRARIES = Path("/usr/share/gocode")
SIZES = (1, 2, 3, 7, 8, 255, 256, 257, 1000)
TREE = tree_of(numbered(1000))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled program."""
    go = shutil.which("go")
    if go is None or not (LIBRARIES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        missing = "Debian's packages golang-go and golang-golang-x-mod-dev are not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("go")
    shutil.copy(PROGRAM, folder)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GOCACHE": str(folder / "cache"),
        "GOPATH": str(LIBRARIES),
        "GO111MODULE": "off",
        "GOFLAGS": "-p=2",
    }
    built = folder / "independent"
    done = subprocess.run(
        [go, "build", "-o", built, "main.go"], cwd=folder, env=environment, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    return built


def answers(program: Path, questions: list[str]) -> list[str]:
    """What the program answers to each question."""
    given = "".join([f"{one}\n" for one in questions])
    done = subprocess.run([program], input=given, capture_output=True, text=True, check=True)
    found = done.stdout.splitlines()
    assert len(found) == len(questions)
    return found


def text(proof: tuple[bytes, ...]) -> str:
    return ",".join(one.hex() for one in proof) or "-"


def indexes(size: int) -> list[int]:
    """All of a small tree; the ends, and those around the borders of tiles, of a large one."""
    return list(range(size)) if size < 10 else sorted({0, 1, size // 2, size - 2, size - 1} | {254 % size})


def test_roots_and_proofs_are_the_same(program: Path) -> None:
    asked: list[tuple[str, str]] = []
    for size in SIZES:
        asked.append((f"root {size}", root_at(TREE, size).hex()))
        for index in indexes(size):
            asked.append((f"record {size} {index}", text(inclusion_proof(TREE, index, size))))
            asked.append((f"tree {size} {index + 1}", text(consistency_proof(TREE, index + 1, size))))

    assert answers(program, [question for question, _ in asked]) == [right for _, right in asked]


def test_each_accepts_and_refuses_what_the_other_does(program: Path) -> None:
    questions: list[str] = []
    ours: list[str] = []
    for size in SIZES:
        root = root_at(TREE, size)
        for index in indexes(size):
            leaf, old = leaf_hash(numbered(size)[index]), root_at(TREE, index + 1)
            for proof in variants(inclusion_proof(TREE, index, size), root):
                questions.append(f"check-record {size} {index} {text(proof)} {root.hex()} {leaf.hex()}")
                ours.append(verdict(verify_inclusion, leaf, index, size, proof, root))
            for proof in variants(consistency_proof(TREE, index + 1, size), root):
                questions.append(f"check-tree {size} {index + 1} {text(proof)} {root.hex()} {old.hex()}")
                ours.append(verdict(verify_consistency, index + 1, size, proof, old, root))

    assert answers(program, questions) == ours
    assert {"ok", "no"} == set(ours)


def variants(proof: tuple[bytes, ...], more: bytes) -> list[tuple[bytes, ...]]:
    """A proof as it is, too long, and too short at either end."""
    return [proof, (*proof, more), proof[:-1], proof[1:]]


def verdict(verify: Callable[..., None], *values: object) -> str:
    try:
        verify(*values)
    except NotProven:
        return "no"
    return "ok"


def encoded(value: bytes) -> str:
    return b64encode(value).decode()


def test_signed_notes_go_both_ways(program: Path) -> None:
    checkpoint = Checkpoint(ORIGIN, 1000, root_at(TREE, 1000)).text
    ours = Note(checkpoint).signed_by(LOG.sign(checkpoint, SECONDS)).to_bytes()
    changed = ours.replace(b"\n1000\n", b"\n1001\n")
    [key] = answers(program, [f"skey {ORIGIN} {LOG_PRIVATE.private_bytes_raw().hex()}"])
    found = answers(
        program,
        [
            f"note {LOG.key.vkey} {encoded(ours)}",
            f"note {LOG.key.vkey} {encoded(CHECKPOINT)}",
            f"note {LOG.key.vkey} {encoded(changed)}",
            f"sign {key} {encoded(checkpoint.encode())}",
        ],
    )

    assert found[0] == f"ok {encoded(checkpoint.encode())}"
    assert found[1].startswith("ok ")
    assert found[2] == "no"
    theirs = b64decode(found[3])
    assert theirs == ours
    assert valid_signatures(parse_note(theirs), (LOG.key,)) == {LOG.key: None}
