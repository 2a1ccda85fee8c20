"""LEADER taken literally, as a check of the rewritten network: slow, and without any foldings.

Every layer of the published network is one operation here, on the whole image, with the weights as they lie
in the file. Nothing of this is used by the product.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from musterpoint.extraction import network  # noqa: F401  imported first: it keeps telemetry out
from musterpoint.extraction.weights import Weights

# isort: split
import openvino
from openvino import opset15 as ops

F32 = npt.NDArray[np.float32]
Node = Any


class PlainNetwork:
    """The network as published; calls are not safe from several threads."""

    def __init__(self, weights: Weights, threads: int = 1) -> None:
        self._weights = weights
        image = ops.parameter([1, 1, -1, -1], np.float32)
        model = openvino.Model(self._outputs(image), [image])
        settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
        self._compiled = openvino.Core().compile_model(model, "CPU", settings)

    def __call__(self, padded: F32) -> tuple[F32, F32, F32, F32]:
        """Maps of a padded image (H, W).

        position and blurred position (H, W); direction (2, H, W), cosine-like and sine-like components;
        kind (H, W), the probability of a ridge ending
        """
        result = self._compiled([padded[None, None]])
        position, blurred, direction, kind = (np.array(result[i]) for i in range(4))
        return position[0, 0], blurred[0, 0], direction[0], kind[0, 0]

    def _outputs(self, image: Node) -> list[Node]:
        context = self._max_pool(self._stem(image, 0, 1, normalisation=0))
        detail = self._average_pool(self._stem(image, 2, 3, normalisation=9))
        node, skips = context, []
        for i in range(4):
            node = self._separable(node, i, normalisation=1 + i)
            skips.append(node)
            node = self._down(node)
        for i in range(4, 8):
            node = self._up(self._separable(node, i, normalisation=1 + i))
            node = ops.concat([node, skips.pop()], 1)
        node = self._attention(node, detail)
        for i in range(4):
            node = self._bottleneck(node, i, 10 + i, (8 + 3 * i, 9 + 3 * i, 10 + 3 * i))
            skips.append(node)
            node = self._down(node)
        for i in range(4, 8):
            node = self._up(self._bottleneck(node, i, 10 + i, (8 + 3 * i, 9 + 3 * i, 10 + 3 * i)))
            node = ops.concat([node, skips.pop()], 1)
        position = ops.sigmoid(self._head(node, (8, 18), (32, 33, 35), (40, 21, 42, 44)))
        direction = self._head(node, (9, 19), (34, 36, 39), (43, 22, 46, 48))
        kind = ops.sigmoid(self._head(node, (10, 20), (37, 38, 41), (45, 23, 49, 50)))
        blurred = self._convolution(position, 47, has_bias=False)
        return [position, blurred, direction, kind]

    def _array(self, layer: str, number: int, index: int) -> F32:
        return self._weights[f"{layer}_{number}/{index}" if number else f"{layer}/{index}"]

    def _convolution(self, node: Node, number: int, dilation: int = 1, has_bias: bool = True) -> Node:
        kernel = self._array("conv2d", number, 0).transpose(3, 2, 0, 1)
        pad = dilation * (kernel.shape[2] // 2)
        node = ops.convolution(
            node, np.ascontiguousarray(kernel), [1, 1], [pad, pad], [pad, pad], [dilation, dilation]
        )
        if not has_bias:
            return node
        return ops.add(node, self._array("conv2d", number, 1).reshape(1, -1, 1, 1))

    def _grouped(self, node: Node, kernel: F32) -> Node:
        grouped = np.ascontiguousarray(kernel.transpose(2, 3, 0, 1)[:, None])
        pad = kernel.shape[0] // 2
        return ops.group_convolution(node, grouped, [1, 1], [pad, pad], [pad, pad], [1, 1])

    def _normalise(self, node: Node, number: int) -> Node:
        axis = np.array([1])
        centred = ops.subtract(node, ops.reduce_mean(node, axis, True))
        variance = ops.reduce_mean(ops.multiply(centred, centred), axis, True)
        unit = ops.divide(centred, ops.sqrt(ops.add(variance, np.float32(1e-3))))
        scale = self._array("layer_normalization", number, 0).reshape(1, -1, 1, 1)
        shift = self._array("layer_normalization", number, 1).reshape(1, -1, 1, 1)
        return ops.add(ops.multiply(unit, scale), shift)

    def _gelu(self, node: Node) -> Node:
        return ops.gelu(node, "erf")

    def _stem(self, image: Node, plain: int, dilated: int, normalisation: int) -> Node:
        both = [self._convolution(image, plain), self._convolution(image, dilated, dilation=2)]
        return self._gelu(self._normalise(ops.concat(both, 1), normalisation))

    def _separable(self, node: Node, number: int, normalisation: int) -> Node:
        node = self._grouped(node, self._array("separable_conv2d", number, 0))
        kernel = np.ascontiguousarray(self._array("separable_conv2d", number, 1).transpose(3, 2, 0, 1))
        node = ops.convolution(node, kernel, [1, 1], [0, 0], [0, 0], [1, 1])
        node = ops.add(node, self._array("separable_conv2d", number, 2).reshape(1, -1, 1, 1))
        return self._gelu(self._normalise(node, normalisation))

    def _bottleneck(self, node: Node, depthwise: int, normalisation: int, numbers: tuple[int, ...]) -> Node:
        expand, reduce, adjust = numbers
        inner = self._grouped(node, self._array("depthwise_conv2d", depthwise, 0))
        inner = self._gelu(self._convolution(self._normalise(inner, normalisation), expand))
        return self._convolution(ops.add(node, self._convolution(inner, reduce)), adjust)

    def _attention(self, node: Node, detail: Node) -> Node:
        scales = [
            self._gelu(self._convolution(node, 4 + i, dilation=dilation))
            for i, dilation in enumerate((1, 3, 6))
        ]
        gate = ops.sigmoid(self._convolution(ops.concat(scales, 1), 7))
        return ops.concat([ops.multiply(node, gate), detail], 1)

    def _head(
        self,
        node: Node,
        first: tuple[int, int],
        numbers: tuple[int, int, int],
        last: tuple[int, int, int, int],
    ) -> Node:
        conv1, normalisation, conv2, output = last
        node = self._up(self._bottleneck(node, *first, numbers))
        node = self._normalise(self._convolution(node, conv1), normalisation)
        return self._convolution(self._gelu(self._convolution(node, conv2)), output)

    def _down(self, node: Node) -> Node:
        first, second = ops.split(node, 1, 2).outputs()
        return ops.concat([self._max_pool(first), self._average_pool(second)], 1)

    def _up(self, node: Node) -> Node:
        scales, axes = np.array([2, 2], dtype=np.float32), np.array([2, 3])
        return ops.interpolate(
            node,
            scales,
            "nearest",
            "scales",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
            axes=axes,
        )

    def _max_pool(self, node: Node) -> Node:
        return ops.max_pool(node, [2, 2], [1, 1], [0, 0], [0, 0], [2, 2]).output(0)

    def _average_pool(self, node: Node) -> Node:
        return ops.avg_pool(node, [2, 2], [0, 0], [0, 0], [2, 2], True)


def find_minutiae(
    plain: PlainNetwork, pixels: npt.NDArray[np.uint8], quality_min: float = 0.6
) -> npt.NDArray[np.float64]:
    """Minutiae as published, in the order of (y, x).

    returns  float64 (n, 5): x, y, direction in radians, kind (1 ending, 2 bifurcation), quality in 0..1
    """
    height, width = pixels.shape
    tall, wide = -(-height // 32) * 32, -(-width // 32) * 32
    top, left = (tall - height) // 2, (wide - width) // 2
    padded = np.pad(
        pixels.astype(np.float32),
        ((top, tall - height - top), (left, wide - width - left)),
        constant_values=float(pixels[0, 0]),
    )
    _, blurred, direction, kind = plain(padded)
    around = np.pad(blurred, 3, constant_values=-1)
    largest = np.lib.stride_tricks.sliding_window_view(around, (7, 7)).max((2, 3))
    is_peak = (blurred == largest) & (blurred >= quality_min)
    ys, xs = np.nonzero(is_peak[top : top + height, left : left + width])
    at = (ys + top, xs + left)
    angle = np.arctan2(direction[1][at], direction[0][at]) % (2 * np.pi)
    kinds = np.where(kind[at] >= 0.5, 1, 2)
    return np.column_stack([xs, ys, angle, kinds, blurred[at]]).astype(np.float64)
