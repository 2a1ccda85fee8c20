"""The two graphs of the rewritten LEADER network.

They are built with a set of operations that is handed in, so that one module alone imports OpenVINO.
All convolutions have stride 1; the image's sides are multiples of 32; channels come second (NCHW) inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from musterpoint.extraction.folding import DECODER0, DECODER1, ENCODER0, ENCODER1, Folded

EPSILON = 1e-3
"""Of the layer normalisations; the network was trained with it."""

FEATURES = 52
"""Channels of the feature map that all heads read."""

PATCH_PX = 9
"""Side of a patch of the feature map around a peak: a 7x7 window for each of 3x3 pixels."""

Node = Any
"""An OpenVINO node; its package has no usable types."""


def trunk(operations: ModuleType, weights: Folded) -> tuple[Node, tuple[Node, Node]]:
    """Image to position map and features.

    input    float32 (1, 1, H, W), grey values 0..255, H and W multiples of 32
    outputs  float32 (1, 4, H / 2, W / 2): probability of a minutia, channel 2 py + px for phase (py, px);
             float32 (1, H / 2, W / 2, 52): the feature map, channels last
    """
    build = _Builder(operations, weights)
    image = operations.parameter([1, 1, -1, -1], np.float32, name="image")
    context = build.pool_max(build.stem("stem0", image))
    detail = build.pool_average(build.stem("stem1", image))
    gated = build.attention(build.autoencoder(context, ENCODER0, DECODER0, build.separable), detail)
    features = build.autoencoder(gated, ENCODER1, DECODER1, build.bottleneck)
    logits = build.convolve(build.head_hidden("position", features), "position.output", pad=1)
    position = operations.sigmoid(logits)
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
    outputs = []
    for name in ("direction", "kind"):
        hidden = operations.multiply(build.head_hidden(name, features, is_patch=True), mask)
        outputs.append(build.convolve(hidden, f"{name}.output", pad=0))
    return (patches, mask), operations.concat(outputs, axis=1)


@dataclass(frozen=True, slots=True)
class _Builder:
    operations: ModuleType
    weights: Folded

    def autoencoder(self, node: Node, encoder: tuple[str, ...], decoder: tuple[str, ...], block: Any) -> Node:
        """Four blocks down, four up; each on the way up is joined with its equal on the way down."""
        ops, skips = self.operations, []
        for name in encoder:
            node = block(name, node)
            skips.append(node)
            node = self.down(node)
        for name in decoder:
            node = self.up(block(name, node))
            node = ops.concat([node, skips.pop()], axis=1)
        return node

    def stem(self, name: str, image: Node) -> Node:
        return self.gelu(self.affine(name, self.unit(self.convolve(image, f"{name}.kernel", pad=4))))

    def separable(self, name: str, node: Node) -> Node:
        node = self.convolve(self.depthwise(name, node, pad=2), f"{name}.kernel", pad=0)
        return self.gelu(self.affine(name, self.unit(node)))

    def bottleneck(self, name: str, node: Node) -> Node:
        return self._bottleneck(name, node, node, pad=3)

    def _bottleneck(self, name: str, node: Node, inner: Node, pad: int) -> Node:
        ops = self.operations
        normalised = self.normalise(self.depthwise(name, node, pad=pad))
        expanded = self.gelu(self.convolve(normalised, f"{name}.expand", pad=0))
        left = self.convolve(expanded, f"{name}.inner", pad=0, bias=f"{name}.bias")
        return ops.add(left, self.convolve(inner, f"{name}.outer", pad=0, bias=None))

    def attention(self, node: Node, detail: Node) -> Node:
        ops = self.operations
        scales = [
            self.gelu(self.convolve(node, f"attention_d{dilation}.kernel", pad=dilation, dilation=dilation))
            for dilation in (1, 3, 6)
        ]
        gate = ops.sigmoid(self.convolve(ops.concat(scales, axis=1), "attention_s.kernel", pad=0))
        return ops.concat([ops.multiply(node, gate), detail], axis=1)

    def head_hidden(self, name: str, features: Node, is_patch: bool = False) -> Node:
        """A head up to the input of its last convolution, at half resolution: 4 channels."""
        if is_patch:
            inner = self.slice(self.slice(features, 3, 6, axis=2), 3, 6, axis=3)
            node = self._bottleneck(name, features, inner, pad=0)
        else:
            node = self._bottleneck(name, features, features, pad=3)
        return self.gelu(self.convolve(self.unit(node), f"{name}.conv2", pad=0))

    def convolve(
        self, node: Node, kernel: str, pad: int, dilation: int = 1, bias: str | None = "same"
    ) -> Node:
        """A convolution and its bias; `same` names the bias after the kernel."""
        ops = self.operations
        result = ops.convolution(
            node, self.constant(kernel), [1, 1], [pad, pad], [pad, pad], [dilation, dilation]
        )
        if bias is None:
            return result
        if bias == "same":
            block, part = kernel.split(".")
            bias = f"{block}.bias" if part == "kernel" else f"{kernel}_bias"
        return ops.add(result, self.per_channel(bias))

    def depthwise(self, name: str, node: Node, pad: int) -> Node:
        kernel = self.constant(f"{name}.depthwise")
        return self.operations.group_convolution(node, kernel, [1, 1], [pad, pad], [pad, pad], [1, 1])

    def normalise(self, node: Node) -> Node:
        """Mean 0 and variance 1 over the channels; scale and shift follow in the next convolution."""
        return self.unit(self.operations.subtract(node, self.mean(node)))

    def unit(self, node: Node) -> Node:
        """Root mean square 1 over the channels."""
        ops = self.operations
        variance = self.mean(ops.multiply(node, node))
        return ops.divide(node, ops.sqrt(ops.add(variance, np.float32(EPSILON))))

    def mean(self, node: Node) -> Node:
        """Over the channels, as a 1x1 convolution: faster than a reduction here."""
        channels = node.get_output_partial_shape(0)[1].get_length()
        kernel = np.full((1, channels, 1, 1), 1 / channels, dtype=np.float32)
        ops = self.operations
        return ops.convolution(node, ops.constant(kernel), [1, 1], [0, 0], [0, 0], [1, 1])

    def affine(self, name: str, node: Node) -> Node:
        ops = self.operations
        return ops.add(
            ops.multiply(node, self.per_channel(f"{name}.scale")), self.per_channel(f"{name}.shift")
        )

    def gelu(self, node: Node) -> Node:
        return self.operations.gelu(node, "erf")

    def down(self, node: Node) -> Node:
        """Half the resolution: the first half of the channels by maximum, the second by average."""
        channels = node.get_output_partial_shape(0)[1].get_length()
        half = channels // 2
        first, second = self.slice(node, 0, half, axis=1), self.slice(node, half, channels, axis=1)
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
        pooled = self.operations.max_pool(node, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2])
        return pooled.output(0)

    def pool_average(self, node: Node) -> Node:
        return self.operations.avg_pool(node, [2, 2], [0, 0], [0, 0], [2, 2], True)

    def slice(self, node: Node, begin: int, end: int, axis: int) -> Node:
        ints = [np.array([value], dtype=np.int64) for value in (begin, end, 1, axis)]
        return self.operations.slice(node, *ints)

    def constant(self, name: str) -> Node:
        return self.operations.constant(self.weights[name])

    def per_channel(self, name: str) -> Node:
        return self.operations.constant(self.weights[name].reshape(1, -1, 1, 1))
