"""k of n shares open a registry whose secret is lost; fewer, other or misread ones do not."""

from __future__ import annotations

import itertools

import pytest
from tests.vault.vaults import Place, encounter

from musterpoint.errors import KeyMissing, UnusableInput, WrongPassphrase
from musterpoint.storage.vault import Vault, sharing
from musterpoint.storage.vault.rotating import rotate


def test_any_two_of_three_open_a_registry_and_give_it_a_new_secret(place: Place, vault: Vault) -> None:
    scope = encounter()
    vault.new_key(scope)
    sealed = vault.seal(scope, "r/1", b"x")
    shares = sharing.share(vault, needed=2, made=3)
    for path in place.keys.iterdir():
        path.unlink()
    with pytest.raises(KeyMissing):
        place.open()

    for pair in itertools.combinations(shares, 2):
        opened = sharing.open_by_shares(place.folder, pair, place.sources())
        assert opened.open(scope, "r/1", sealed) == b"x"
        opened.close()
    opened = sharing.open_by_shares(place.folder, shares[:2], place.sources())
    rotate(opened)
    opened.close()

    again = place.open()
    assert again.open(scope, "r/1", sealed) == b"x"
    again.close()
    with pytest.raises(WrongPassphrase):
        sharing.open_by_shares(place.folder, shares[:2], place.sources())


def test_one_share_says_nothing(vault: Vault, place: Place) -> None:
    def said_of(one: str) -> str:
        with pytest.raises(UnusableInput) as caught:
            sharing.open_by_shares(place.folder, [one], place.sources())
        return str(caught.value)

    shares = [one for _ in range(2) for one in sharing.share(vault, needed=2, made=3)]

    assert len({said_of(one) for one in shares}) == 1, "the same of every share, so nothing about its words"


def test_a_misread_word_is_noticed(vault: Vault) -> None:
    first, second = sharing.share(vault, needed=2, made=2)
    words = first.split()
    words[9] = "acid" if words[9] != "acid" else "acne"

    with pytest.raises(UnusableInput):
        sharing.rehearse(vault, [" ".join(words), second])


def test_shares_of_two_sets_do_not_go_together(vault: Vault) -> None:
    one, other = (sharing.share(vault, needed=2, made=2) for _ in range(2))

    with pytest.raises(UnusableInput):
        sharing.rehearse(vault, [one[0], other[1]])
    sharing.rehearse(vault, other)


def test_more_shares_than_are_needed_do_no_harm(vault: Vault) -> None:
    shares = sharing.share(vault, needed=2, made=4)

    sharing.rehearse(vault, shares)
    sharing.rehearse(vault, [shares[1], shares[1], shares[3]])


def test_no_share_opens_nothing(vault: Vault) -> None:
    with pytest.raises(UnusableInput):
        sharing.rehearse(vault, [])


def test_shares_may_be_typed_in_capitals_and_over_lines(vault: Vault) -> None:
    shares = sharing.share(vault, needed=2, made=2)

    sharing.rehearse(vault, [one.upper().replace(" ", "\n ") for one in shares])


@pytest.mark.parametrize(("needed", "made"), [(1, 3), (4, 3), (2, 17), (0, 0)])
def test_numbers_that_make_no_sense_are_refused(vault: Vault, needed: int, made: int) -> None:
    with pytest.raises(UnusableInput):
        sharing.share(vault, needed=needed, made=made)


def test_a_rotation_makes_shares_void(vault: Vault) -> None:
    shares = sharing.share(vault, needed=2, made=2)
    sharing.rehearse(vault, shares)

    rotate(vault)

    with pytest.raises(WrongPassphrase):
        sharing.rehearse(vault, shares)
