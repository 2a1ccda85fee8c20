"""The picture of both error rates: sound SVG, nothing of the data set's names as markup, steps in place."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np

from musterpoint.evaluation import Curve, det, draw_det

SVG = "{http://www.w3.org/2000/svg}"


def paths(svg: str, curves: int) -> list[str]:
    """The outlines of the curves; each stands before its sample in the legend."""
    drawn = [element.get("d", "") for element in ElementTree.fromstring(svg).iter(f"{SVG}path")]
    return drawn[-2 * curves : -curves]


def noisy(seed: int, distance: float) -> Curve:
    generator = np.random.default_rng(seed)
    scores = det(generator.normal(distance, 1, 280), generator.normal(0, 1, 2880))
    return Curve(label=f"set {seed}", det=scores)


def test_names_are_text_and_never_markup() -> None:
    curve = Curve(label="<script>&", det=det([1.0], [0.0]))
    svg = draw_det([curve], title="a < b")
    texts = [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert "<script>&" in texts
    assert "a < b" in texts
    assert not list(ElementTree.fromstring(svg).iter(f"{SVG}script"))


def test_a_curve_goes_up_and_left_in_steps() -> None:
    (path,) = paths(draw_det([noisy(1, 3.0)], title="noise"), 1)
    moves = re.findall(r"([MVH])([-\d.]+)", path)
    across = [float(value) for kind, value in moves if kind == "H"]
    down = [float(value) for kind, value in moves if kind == "V"]
    assert len(across) > 20
    assert across == sorted(across, reverse=True)
    assert down == sorted(down, reverse=True)
    assert [kind for kind, _ in moves[1:3]] != ["H", "H"]


def test_curves_without_any_error_keep_lines_of_their_own() -> None:
    perfect = [Curve(label=f"set {i}", det=det([9.0], [float(i)] * 10)) for i in range(3)]
    assert len(set(paths(draw_det(perfect, title="perfect"), 3))) == 3


def test_the_same_curves_make_the_same_picture() -> None:
    curves = [noisy(1, 3.0), noisy(2, 2.0), noisy(3, 0.0)]
    assert draw_det(curves, title="noise") == draw_det(curves, title="noise")


def test_failures_only_and_constant_scores_can_be_drawn() -> None:
    curves = [
        Curve(label="failures", det=det([-np.inf], [-np.inf])),
        Curve(label="constant", det=det([0.0], [0.0])),
        Curve(label="perfect", det=det([1.0], [0.0])),
    ]
    for curve in curves:
        ElementTree.fromstring(draw_det([curve], title="edge"))
    ElementTree.fromstring(draw_det(curves, title="edges"))
