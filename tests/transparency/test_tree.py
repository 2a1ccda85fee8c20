"""Roots and proofs are those of RFC 6962: of its published test tree, and of its text taken literally."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.transparency import naive

from musterpoint.errors import Corrupt, LogFormatError, NotProven
from musterpoint.transparency import hashing, proofs, tiles
from musterpoint.transparency.hashing import Frontier, leaf_hash, node_hash
from musterpoint.transparency.tiles import Tree

pytestmark = pytest.mark.no_registry

LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAF_HASHES = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
    "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "4271a26be0d8a84f0bd54c8c302e7cb3a3b5d1fa6780a40bcce2873477dab658",
    "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
    "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1",
]
NODES = (
    {
        "A": "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "B": "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        "G": "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "J": "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    }
    | {f"h{i}": one for i, one in enumerate(LEAF_HASHES)}
    | {f"r{n}": one for n, one in enumerate(ROOTS)}
)
INCLUSION = [(0, 1, ""), (0, 8, "h1 A B"), (5, 8, "h4 G r4"), (2, 3, "r2"), (1, 5, "h0 A h4")]
CONSISTENCY = [(1, 1, ""), (1, 8, "h1 A B"), (6, 8, "J G r4"), (2, 5, "A h4"), (6, 7, "J h6 r4")]


def tree_of(entries: list[bytes]) -> Tree:
    tree = Tree()
    for entry in entries:
        tree.append(leaf_hash(entry))
    return tree


def numbered(count: int) -> list[bytes]:
    return [index.to_bytes(3, "big") for index in range(count)]


def named(names: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(NODES[name]) for name in names.split())


def test_published_hashes_of_single_leaves_and_nodes() -> None:
    assert [leaf_hash(one).hex() for one in LEAVES] == LEAF_HASHES
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    found = node_hash(b"N123", b"N456").hex()
    assert found == "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS)))
def test_published_roots(size: int, root: str) -> None:
    tree = tree_of(LEAVES[:size])

    assert tree.frontier.root().hex() == root
    assert proofs.root_at(tree_of(LEAVES), size).hex() == root
    assert hashing.root_of(bytes.fromhex("".join(LEAF_HASHES[:size]))).hex() == root


@pytest.mark.parametrize(("index", "size", "names"), INCLUSION)
def test_published_inclusion_proofs(index: int, size: int, names: str) -> None:
    assert proofs.inclusion_proof(tree_of(LEAVES), index, size) == named(names)
    leaf, root = bytes.fromhex(LEAF_HASHES[index]), bytes.fromhex(ROOTS[size])
    proofs.verify_inclusion(leaf, index, size, named(names), root)


@pytest.mark.parametrize(("old", "new", "names"), CONSISTENCY)
def test_published_consistency_proofs(old: int, new: int, names: str) -> None:
    assert proofs.consistency_proof(tree_of(LEAVES), old, new) == named(names)
    roots = bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new])
    proofs.verify_consistency(old, new, named(names), *roots)


def test_every_proof_of_every_small_tree_is_that_of_the_text() -> None:
    entries = numbered(33)
    tree = tree_of(entries)
    for size in range(1, len(entries) + 1):
        root = naive.root(entries[:size])
        assert proofs.root_at(tree, size) == root
        for index in range(size):
            proof = proofs.inclusion_proof(tree, index, size)
            assert list(proof) == naive.path(index, entries[:size])
            proofs.verify_inclusion(leaf_hash(entries[index]), index, size, proof, root)
            old_root = naive.root(entries[: index + 1])
            proof = proofs.consistency_proof(tree, index + 1, size)
            assert list(proof) == naive.proof(index + 1, entries[:size])
            proofs.verify_consistency(index + 1, size, proof, old_root, root)


LARGE = numbered(66_000)
"""A tree with three levels of tiles, the upper ones partial."""


@pytest.fixture(scope="module")
def large() -> Tree:
    return tree_of(LARGE)


@settings(deadline=None)
@given(st.data())
def test_proofs_across_tiles_hold(large: Tree, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(LARGE)), "size")
    index = data.draw(st.integers(0, size - 1), "index")
    root = proofs.root_at(large, size)

    proof = proofs.inclusion_proof(large, index, size)
    proofs.verify_inclusion(leaf_hash(LARGE[index]), index, size, proof, root)
    steps = proofs.consistency_proof(large, index + 1, size)
    proofs.verify_consistency(index + 1, size, steps, proofs.root_at(large, index + 1), root)


@settings(deadline=None)
@given(st.integers(0, len(LARGE)))
def test_roots_from_tiles_and_from_a_frontier_agree(large: Tree, size: int) -> None:
    frontier = Frontier()
    size %= 700
    for entry in LARGE[:size]:
        frontier = frontier.append(leaf_hash(entry))

    assert frontier.root() == proofs.root_at(large, size)
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier


def test_what_changes_is_the_same_leaf_by_leaf_and_at_once(large: Tree) -> None:
    class Level0:
        """The leaf hashes alone, and nothing above yet."""

        def tile(self, level: int, number: int) -> bytes:
            assert level == 0
            return large.tile(0, number)

    found = list(tiles.tiles_above(Level0(), 0, len(LARGE)))

    assert [(tile.level, tile.number) for tile in found] == [(1, 0), (1, 1), (2, 0)]
    assert all(tile.hashes == large.tile(tile.level, tile.number) for tile in found)


@settings(deadline=None)
@given(st.integers(1, 200), st.data())
def test_a_changed_proof_does_not_hold(size: int, data: st.DataObject) -> None:
    entries = numbered(size)
    tree = tree_of(entries)
    index = data.draw(st.integers(0, size - 1), "index")
    leaf, root = leaf_hash(entries[index]), naive.root(entries)
    proof = list(proofs.inclusion_proof(tree, index, size))
    refused: list[Callable[[], None]] = [
        lambda: proofs.verify_inclusion(leaf, index, size, [*proof, root], root),
        lambda: proofs.verify_inclusion(leaf, size, size, proof, root),
        lambda: proofs.verify_inclusion(leaf, -1, size, proof, root),
        lambda: proofs.verify_inclusion(leaf_hash(b"another"), index, size, proof, root),
        lambda: proofs.verify_inclusion(leaf, index, size, proof, leaf),
    ]
    if size == 1:
        refused.pop()
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1), "place")
        flipped = bytes([proof[place][0] ^ 1]) + proof[place][1:]
        changed = [*proof[:place], flipped, *proof[place + 1 :]]
        refused += [
            lambda: proofs.verify_inclusion(leaf, index, size, changed, root),
            lambda: proofs.verify_inclusion(leaf, index, size, proof[1:], root),
            lambda: proofs.verify_inclusion(leaf, index, size, proof[:-1], root),
        ]
    for attempt in refused:
        with pytest.raises(NotProven):
            attempt()


@settings(deadline=None)
@given(st.integers(1, 120), st.data())
def test_a_changed_consistency_proof_does_not_hold(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new), "old")
    tree = tree_of(numbered(new))
    roots = proofs.root_at(tree, old), proofs.root_at(tree, new)
    proof = list(proofs.consistency_proof(tree, old, new))
    other = leaf_hash(b"another")

    attempts = [[*proof, other], proof[:-1], proof[1:], [*proof[:-1], other]]
    for changed in attempts:
        if changed == proof:
            continue
        with pytest.raises(NotProven):
            proofs.verify_consistency(old, new, changed, *roots)
    for changed_roots in ((other, roots[1]), (roots[0], other)):
        with pytest.raises(NotProven):
            proofs.verify_consistency(old, new, proof, *changed_roots)


def test_a_proof_does_not_hold_for_a_smaller_tree_whose_root_is_claimed() -> None:
    tree = tree_of(numbered(4))
    left, right = leaf_hash(numbered(4)[0]), leaf_hash(numbered(4)[1])
    with pytest.raises(NotProven, match="left over"):
        proofs.verify_inclusion(right, 0, 1, [left], node_hash(left, right))
    with pytest.raises(NotProven, match="left over"):
        proofs.verify_consistency(1, 2, [right, left], left, proofs.root_at(tree, 4))


def test_a_proof_does_not_hold_for_a_larger_tree_whose_root_is_claimed() -> None:
    leaf = leaf_hash(b"")
    with pytest.raises(NotProven):
        proofs.verify_inclusion(leaf, 0, 2, [], leaf)
    with pytest.raises(NotProven):
        proofs.verify_consistency(1, 2, [], leaf, leaf)


@pytest.mark.parametrize("empty", [b"", b"\x00" * 31, b"\x00" * 33])
def test_hashes_of_another_length_are_refused_even_where_they_are_equal(empty: bytes) -> None:
    with pytest.raises(NotProven, match="32 bytes"):
        proofs.verify_inclusion(empty, 0, 1, [], empty)
    with pytest.raises(NotProven, match="32 bytes"):
        proofs.verify_consistency(1, 1, [], empty, empty)


@pytest.mark.parametrize(("old", "new"), [(0, 1), (0, 0), (2, 1), (1, 2**63), (2**70, 2**70)])
def test_sizes_that_prove_nothing_or_are_too_large_are_refused(old: int, new: int) -> None:
    root = leaf_hash(b"")
    with pytest.raises(NotProven):
        proofs.verify_consistency(old, new, [], root, root)
    with pytest.raises(NotProven):
        proofs.verify_inclusion(root, old, 2**63, [], root)


def test_a_short_tile_is_noticed() -> None:
    class Short:
        """Has lost a hash of the only tile."""

        def tile(self, level: int, number: int) -> bytes:
            return b"\x00" * 32 * 7

    with pytest.raises(Corrupt, match="8 hashes"):
        proofs.inclusion_proof(Short(), 0, 8)


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 7, bytes(7) + b"\x03" + bytes(32), b"\xff" * 8 + bytes(2048)]
)
def test_bytes_that_are_no_frontier_are_refused(data: bytes) -> None:
    with pytest.raises(LogFormatError):
        Frontier.from_bytes(data)


def test_paths_and_widths_are_those_of_the_specification() -> None:
    assert tiles.path_of(0, 1234067) == "tile/0/x001/x234/067"
    assert tiles.path_of("entries", 0) == "tile/entries/000"
    assert tiles.path_of(2, 0, 1) == "tile/2/000.p/1"
    assert list(tiles.widths(70_000)) == [(0, 273, 112), (1, 1, 17), (2, 0, 1)]
