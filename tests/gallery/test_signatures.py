"""The exhaustive filter that the index is measured against counts what it says it counts."""

from __future__ import annotations

import numpy as np
from benchmarks.kernels_signatures import BITS
from benchmarks.signatures import Signatures, rows_of
from hypothesis import given
from hypothesis import strategies as st

from musterpoint.gallery import Entry, References
from musterpoint.identifiers import new_uuid
from musterpoint.synthetic import population


@given(fingers=st.integers(1, 400), most=st.integers(0, 700), seed=st.integers(0, 2**32 - 1))
def test_a_strength_is_what_is_shared_beyond_chance(fingers: int, most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    has = rng.random((BITS, fingers)) < 0.08 if fingers < 20 else np.zeros((BITS, fingers), bool)
    has[rng.integers(0, BITS, 4 * fingers), rng.integers(0, fingers, 4 * fingers)] = True
    rows = np.unique(rng.integers(0, BITS, most))
    has[rows[::2], 0] = True
    padded = np.zeros((BITS, -(-fingers // 64) * 64), bool)
    padded[:, :fingers] = has
    bits = np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)
    sizes = has.sum(axis=0)

    found = Signatures(bits=bits, sizes=sizes.astype(np.uint16)).strengths(rows)

    expected = len(rows) * sizes / BITS
    assert np.allclose(found, (has[rows].sum(axis=0) - expected) / (expected + 4) ** 0.75, rtol=1e-5)


def test_those_of_a_gallery_are_those_of_its_templates() -> None:
    templates = list(population(7, 70))
    gallery = References(is_part=True)
    gallery.add(
        Entry(reference=new_uuid(), visit=person, person=person, template=template)
        for template in templates
        for person in [new_uuid()]
    )
    gallery.make_keys(is_filing=True)

    found = Signatures.of(gallery.view().segments)
    alone = Signatures.of_probes(templates)

    assert np.array_equal(found.bits, alone.bits)
    assert np.array_equal(found.sizes, alone.sizes)
    assert found.strengths(rows_of(templates[41])).argmax() == 41
