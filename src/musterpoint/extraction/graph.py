"""The two graphs of the rewritten LEADER network.

They are built with a set of operations that is handed in, so that one module alone imports OpenVINO.
All convolutions have stride 1; the image's sides are multiples of 32; channels come second (NCHW) inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np

from musterpoint.extraction.folding import ATTENTION, DECODER0, DECODER1, ENCODER0, ENCODER1, Folded

EPSILON: Final = 1e-3
"""Of the layer normalisations; the network was trained with it."""

FEATURES: Final = 52
"""Channels of the feature map that all heads read."""

PATCH_PX: Final = 9
"""Side of a patch of the feature map around a peak: a 7x7 window for each of 3x3 pixels."""

STRIPS: Final = {"stem0": 8, "stem1": 8, "enc1_0": 8, "dec1_1": 2, "dec1_0": 4, "position": 8}
"""Blocks that are computed in so many strips of rows, one after another, where the size is known.

What they hold inside is many times their output; a strip of it stays in the processor's own cache."""

Node = Any
"""An OpenVINO node; its package has no usable types."""

Pads = tuple[int, int]
"""Rows of zeros above and below."""


def trunk(
    operations: ModuleType, weights: Folded, size: tuple[int, int] | None = None
) -> tuple[Node, tuple[Node, Node]]:
    """Image to position map and features, for one size (height, width) or for any.

    input    float32 (1, 1, H, W), grey values 0..255, H and W multiples of 32
    outputs  float32 (1, 4, H / 2, W / 2): probability of a minutia, channel 2 py + px for phase (py, px);
             float32 (1, H / 2, W / 2, 52): the feature map, channels last
    """
    build = _Builder(operations, weights)
    image = operations.parameter([1, 1, *(size or (-1, -1))], np.float32, name="image")
    context = build.stem("stem0", image, build.pool_max)
    detail = build.stem("stem1", image, build.pool_average)
    gated = build.attention(build.autoencoder(context, ENCODER0, DECODER0, build.separable), detail)
    features = build.autoencoder(gated, ENCODER1, DECODER1, build.bottleneck)
    hidden = build.head_hidden("position", build.bottleneck("position", features))
    position = operations.sigmoid(build.convolve(hidden, "position.output", pad=1))
    # The CPU plugin computes with channels last; handing them out otherwise costs a reorder of the whole map.
    channels_last = operations.transpose(features, np.array([0, 2, 3, 1], dtype=np.int64))
    return image, (position, channels_last)


def heads(operations: ModuleType, weights: Folded) -> tuple[tuple[Node, Node], Node]:
    """Patches of the feature map around peaks to direction and kind.

    inputs   float32 (n, 9, 9, 52): patches, zero outside of the map;
             float32 (n, 1, 3, 3): 1 where the inner 3x3 pixels lie inside of the map, else 0
    output   float32 (n, 12, 1, 1): for each phase (py, px) at channel 2 py + px the cosine-like component
             of the direction, at 4 + 2 py + px the sine-like one, at 8 + 2 py + px the logit of an ending
    """
    build = _Builder(operations, weights)
    patches = operations.parameter([-1, PATCH_PX, PATCH_PX, FEATURES], np.float32, name="patches")
    mask = operations.parameter([-1, 1, 3, 3], np.float32, name="mask")
    features = operations.transpose(patches, np.array([0, 3, 1, 2], dtype=np.int64))
    inner = build.slice(build.slice(features, 3, 6, axis=2), 3, 6, axis=3)
    outputs = []
    for name in ("direction", "kind"):
        left = build.expand_and_reduce(name, build.depthwise(name, features, (0, 0), pad=0))
        hidden = build.head_hidden(name, build.add_outer(name, inner, left))
        outputs.append(build.convolve(operations.multiply(hidden, mask), f"{name}.output", pad=0))
    return (patches, mask), operations.concat(outputs, axis=1)


@dataclass(frozen=True, slots=True)
class _Builder:
    operations: ModuleType
    weights: Folded

    def autoencoder(
        self,
        node: Node,
        encoder: tuple[str, ...],
        decoder: tuple[str, ...],
        block: Callable[[str, Node], Node],
    ) -> Node:
        """Four blocks down, four up; each on the way up is joined with its equal on the way down."""
        skips = []
        for name in encoder:
            node = block(name, node)
            skips.append(node)
            node = self.down(node)
        for name in decoder:
            node = self.up(block(name, node))
            node = self.operations.concat([node, skips.pop()], axis=1)
        return node

    def stem(self, name: str, image: Node, pool: Callable[[Node], Node]) -> Node:
        def strip(node: Node, pads: Pads) -> Node:
            node = self.unit(self.convolve(node, f"{name}.kernel", pad=4, pads=pads))
            return pool(self.gelu(self.affine(name, node)))

        return self.in_strips(name, image, 4, strip)

    def separable(self, name: str, node: Node) -> Node:
        node = self.convolve(self.depthwise(name, node, (2, 2), pad=2), f"{name}.kernel", pad=0)
        return self.gelu(self.affine(name, self.unit(node)))

    def bottleneck(self, name: str, node: Node) -> Node:
        def strip(rows: Node, pads: Pads) -> Node:
            return self.expand_and_reduce(name, self.depthwise(name, rows, pads, pad=3))

        return self.add_outer(name, node, self.in_strips(name, node, 3, strip))

    def expand_and_reduce(self, name: str, node: Node) -> Node:
        expanded = self.gelu(self.convolve(self.normalise(node), f"{name}.expand", pad=0))
        return self.convolve(expanded, f"{name}.inner", pad=0, bias=f"{name}.bias")

    def add_outer(self, name: str, node: Node, left: Node) -> Node:
        return self.operations.add(self.convolve(node, f"{name}.outer", pad=0, bias=None), left)

    def attention(self, node: Node, detail: Node) -> Node:
        ops, gate = self.operations, self.per_channel("gate.bias")
        for dilation in ATTENTION:
            scale = self.gelu(self.convolve(node, f"attention_d{dilation}.kernel", dilation, dilation))
            gate = ops.add(self.convolve(scale, f"gate_d{dilation}.kernel", pad=0, bias=None), gate)
        return ops.concat([ops.multiply(node, ops.sigmoid(gate)), detail], axis=1)

    def head_hidden(self, name: str, node: Node) -> Node:
        """A head up to the input of its last convolution, at half resolution: 4 channels."""
        return self.gelu(self.convolve(self.unit(node), f"{name}.conv2", pad=0))

    def in_strips(self, name: str, node: Node, reach: int, function: Callable[[Node, Pads], Node]) -> Node:
        """Apply a function that sees `reach` rows up and down, strip by strip where the height is known."""
        rows = node.output(0).get_partial_shape()[2]
        count = STRIPS.get(name, 1)
        if count == 1 or not rows.is_static:
            return function(node, (reach, reach))
        height = rows.get_length()
        strips = []
        for i in range(count):
            begin, end = height * i // count, height * (i + 1) // count
            first, last = max(begin - reach, 0), min(end + reach, height)
            pads = (reach - (begin - first), reach - (last - end))
            strips.append(function(self.slice(node, first, last, axis=2), pads))
        return self.operations.concat(strips, axis=2)

    def convolve(
        self,
        node: Node,
        kernel: str,
        pad: int,
        dilation: int = 1,
        bias: str | None = "same",
        pads: Pads | None = None,
    ) -> Node:
        """A convolution and its bias.

        bias  `same` names the bias after the kernel
        pads  above and below, where they differ from `pad`
        """
        ops = self.operations
        top, bottom = pads or (pad, pad)
        result = ops.convolution(
            node, self.constant(kernel), [1, 1], [top, pad], [bottom, pad], [dilation, dilation]
        )
        if bias is None:
            return result
        if bias == "same":
            block, part = kernel.split(".")
            bias = f"{block}.bias" if part == "kernel" else f"{kernel}_bias"
        return ops.add(result, self.per_channel(bias))

    def depthwise(self, name: str, node: Node, pads: Pads, pad: int) -> Node:
        kernel = self.constant(f"{name}.depthwise")
        top, bottom = pads
        return self.operations.group_convolution(node, kernel, [1, 1], [top, pad], [bottom, pad], [1, 1])

    def normalise(self, node: Node) -> Node:
        """Variance 1 over the channels; mean, scale and shift follow in the next convolution."""
        ops, mean = self.operations, self.mean(node)
        return self.divide(node, ops.subtract(self.mean_square(node), ops.multiply(mean, mean)))

    def unit(self, node: Node) -> Node:
        """Root mean square 1 over the channels."""
        return self.divide(node, self.mean_square(node))

    def divide(self, node: Node, variance: Node) -> Node:
        ops = self.operations
        return ops.divide(node, ops.sqrt(ops.add(variance, np.float32(EPSILON))))

    def mean(self, node: Node) -> Node:
        """Over the channels, as a 1x1 convolution: faster than a reduction here."""
        ops, channels = self.operations, self.channels(node)
        kernel = ops.constant(np.full((1, channels, 1, 1), 1 / channels, dtype=np.float32))
        return ops.convolution(node, kernel, [1, 1], [0, 0], [0, 0], [1, 1])

    def mean_square(self, node: Node) -> Node:
        """Over the channels; this reduction reads its input once and writes nothing of its size."""
        ops = self.operations
        length = ops.reduce_l2(node, np.array([1], dtype=np.int64), True)
        return ops.multiply(ops.multiply(length, length), np.float32(1 / self.channels(node)))

    def affine(self, name: str, node: Node) -> Node:
        ops = self.operations
        return ops.add(
            ops.multiply(node, self.per_channel(f"{name}.scale")), self.per_channel(f"{name}.shift")
        )

    def gelu(self, node: Node) -> Node:
        return self.operations.gelu(node, "erf")

    def down(self, node: Node) -> Node:
        """Half the resolution: the first half of the channels by maximum, the second by average."""
        channels = self.channels(node)
        first = self.slice(node, 0, channels // 2, axis=1)
        second = self.slice(node, channels // 2, channels, axis=1)
        return self.operations.concat([self.pool_max(first), self.pool_average(second)], axis=1)

    def up(self, node: Node) -> Node:
        """Twice the resolution by repeating pixels."""
        return self.operations.interpolate(
            node,
            np.array([2.0, 2.0], dtype=np.float32),
            mode="nearest",
            shape_calculation_mode="scales",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
            axes=np.array([2, 3], dtype=np.int64),
        )

    def pool_max(self, node: Node) -> Node:
        # The second output is where the maxima were.
        return self.operations.max_pool(node, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)

    def pool_average(self, node: Node) -> Node:
        return self.operations.avg_pool(node, [2, 2], [0, 0], [0, 0], [2, 2], True)

    def slice(self, node: Node, begin: int, end: int, axis: int) -> Node:
        ints = [np.array([value], dtype=np.int64) for value in (begin, end, 1, axis)]
        return self.operations.slice(node, *ints)

    def channels(self, node: Node) -> int:
        return int(node.output(0).get_partial_shape()[1].get_length())

    def constant(self, name: str) -> Node:
        return self.operations.constant(self.weights[name])

    def per_channel(self, name: str) -> Node:
        return self.operations.constant(self.weights[name].reshape(1, -1, 1, 1))
