"""The rewritten network computes what the published one does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from benchmarks import plain_network
from tests.extraction.drawing import draw_finger, scattered

from musterpoint.extraction import decoding, model_cache
from musterpoint.extraction.network import COMPILED_AFTER, Network
from musterpoint.extraction.weights import read_weights


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(model_cache.converted_network())


@pytest.fixture(scope="module")
def plain() -> plain_network.PlainNetwork:
    return plain_network.PlainNetwork(read_weights())


def _smudged() -> npt.NDArray[np.uint8]:
    """A drawn print with noise, of a size that needs padding on one side only."""
    clean = draw_finger(230, 288, scattered(230, 288)).astype(np.float64)
    noise = np.random.default_rng(5).normal(0, 40, clean.shape)
    return np.clip(clean + noise, 0, 255).astype(np.uint8)


def test_the_position_map_is_that_of_the_published_network(
    network: Network, plain: plain_network.PlainNetwork
) -> None:
    padded, _, _ = decoding.pad(_smudged())
    position = np.empty(padded.shape, np.float32)
    with network.maps(padded) as (phases, _):
        for channel in range(4):
            position[channel // 2 :: 2, channel % 2 :: 2] = phases[channel]

    expected, _, _, _ = plain(padded)

    assert expected.max() > 0.5
    assert np.abs(position - expected).max() < 2e-4


def test_minutiae_are_those_of_the_published_network(
    network: Network, plain: plain_network.PlainNetwork
) -> None:
    pixels = _smudged()

    found = decoding.find_minutiae(network, pixels, quality_min=0.3)
    expected = plain_network.find_minutiae(plain, pixels, quality_min=0.3)

    assert len(expected) > 10
    assert len(found) == len(expected)
    assert np.array_equal(np.column_stack([found.x, found.y, found.kind]), expected[:, [0, 1, 3]])
    turn = found.direction / 65536 - expected[:, 2] / (2 * np.pi)
    assert np.abs((turn + 0.5) % 1 - 0.5).max() < 1e-4
    assert np.abs(found.quality / 255 - expected[:, 4]).max() < 0.5 / 255 + 1e-4


def test_minutiae_at_the_edge_of_the_map_get_their_direction_from_what_lies_inside(
    network: Network, plain: plain_network.PlainNetwork
) -> None:
    pixels = np.ascontiguousarray(draw_finger(448, 512, scattered(448, 512, 32))[160:288, 130:258])

    found = decoding.find_minutiae(network, pixels, quality_min=0.1)
    expected = plain_network.find_minutiae(plain, pixels, quality_min=0.1)

    edge = np.minimum.reduce([found.x, found.y, 127 - found.x, 127 - found.y])
    assert edge.min() < 6
    assert np.array_equal(np.column_stack([found.x, found.y, found.kind]), expected[:, [0, 1, 3]])
    turn = found.direction / 65536 - expected[:, 2] / (2 * np.pi)
    assert np.abs((turn + 0.5) % 1 - 0.5).max() < 1e-4


def test_a_graph_for_one_size_gives_what_the_graph_for_any_size_gives() -> None:
    network = Network(model_cache.converted_network())
    padded, _, _ = decoding.pad(_smudged())
    found = []
    for _ in range(COMPILED_AFTER + 2):
        with network.maps(padded) as (phases, features):
            found.append((phases.copy(), features.copy()))

    for phases, features in found[1:]:
        assert np.abs(phases - found[0][0]).max() < 1e-6
        assert np.abs(features - found[0][1]).max() < 1e-4
