"""Rewrites LEADER's weights for a smaller graph that computes the same function.

All of it is exact algebra, done in float64 and stored as float32:

- a layer normalisation subtracts the mean over its channels, which is linear: where a 1x1 or spatial
  convolution precedes, the mean is taken out of that convolution's kernel ("centred");
- where a 1x1 convolution follows, the mean is taken out of its kernel's inputs, and scale and shift enter it;
- `reduce` and `adjust` of an inverted bottleneck have only an addition between them, so their product is one
  convolution; in a head, `conv1` joins them, because a 1x1 convolution commutes with nearest upsampling;
- two kernels of a stem, one of them dilated, are one 9x9 kernel;
- a 5x5 convolution after nearest x2 upsampling is, for each of the four pixel phases, a 3x3 one before it.

Layer numbers follow the order of the weights file, which is sorted by depth, not by meaning: equal shapes
make a wrong number load without an error. `tests/extraction` compares with the network taken literally.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from musterpoint.extraction.weights import Weights

F64 = npt.NDArray[np.float64]
Folded = dict[str, npt.NDArray[np.float32]]
"""Arrays by `<block>.<part>`, kernels in the layouts of OpenVINO: OIHW, and G(O/G)(I/G)HW where grouped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck:
    """Layer numbers of one inverted bottleneck in the weights file."""

    depthwise: int
    normalisation: int
    expand: int
    reduce: int
    adjust: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Layer numbers of one output head in the weights file."""

    bottleneck: Bottleneck
    conv1: int
    normalisation: int
    conv2: int
    output: int


ENCODER0, DECODER0 = ("enc0_0", "enc0_1", "enc0_2", "enc0_3"), ("dec0_3", "dec0_2", "dec0_1", "dec0_0")
ENCODER1, DECODER1 = ("enc1_0", "enc1_1", "enc1_2", "enc1_3"), ("dec1_3", "dec1_2", "dec1_1", "dec1_0")

# Block: (convolution, dilated convolution, normalisation)
STEMS = {"stem0": (0, 1, 0), "stem1": (2, 3, 9)}
# Block: (separable convolution, normalisation)
SEPARABLES = {name: (i, i + 1) for i, name in enumerate(ENCODER0 + DECODER0)}
# Dilation: convolution
ATTENTION = {1: 4, 3: 5, 6: 6}
GATE = 7
BOTTLENECKS = {
    name: Bottleneck(depthwise=i, normalisation=10 + i, expand=8 + 3 * i, reduce=9 + 3 * i, adjust=10 + 3 * i)
    for i, name in enumerate(ENCODER1 + DECODER1)
}
HEADS = {
    "position": Head(
        bottleneck=Bottleneck(depthwise=8, normalisation=18, expand=32, reduce=33, adjust=35),
        conv1=40,
        normalisation=21,
        conv2=42,
        output=44,
    ),
    "direction": Head(
        bottleneck=Bottleneck(depthwise=9, normalisation=19, expand=34, reduce=36, adjust=39),
        conv1=43,
        normalisation=22,
        conv2=46,
        output=48,
    ),
    "kind": Head(
        bottleneck=Bottleneck(depthwise=10, normalisation=20, expand=37, reduce=38, adjust=41),
        conv1=45,
        normalisation=23,
        conv2=49,
        output=50,
    ),
}


def fold(weights: Weights) -> Folded:
    """The arrays of the rewritten graph, float32, from those of the weights file."""
    source = _Source(weights)
    folded: dict[str, F64] = {}
    for name, (plain, dilated, norm) in STEMS.items():
        folded |= _prefixed(name, _stem(source, plain, dilated, norm))
    for name, (number, norm) in SEPARABLES.items():
        folded |= _prefixed(name, _separable(source, number, norm))
    for dilation, number in ATTENTION.items():
        kernel, bias = source.convolution(number)
        folded |= _prefixed(f"attention_d{dilation}", {"kernel": kernel, "bias": bias})
    folded |= _gate(source)
    for name, block in BOTTLENECKS.items():
        folded |= _prefixed(name, _bottleneck(source, block))
    for name, head in HEADS.items():
        folded |= _prefixed(name, _head(source, head))
    return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in folded.items()}


class _Source:
    """The weights file in float64, kernels turned to OpenVINO's layouts."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def array(self, layer: str, number: int, index: int) -> F64:
        name = layer if number == 0 else f"{layer}_{number}"
        array: F64 = self._weights[f"{name}/{index}"].astype(np.float64)
        return array

    def convolution(self, number: int) -> tuple[F64, F64]:
        """Kernel (out, in, height, width) and bias (out,)."""
        return self.array("conv2d", number, 0).transpose(3, 2, 0, 1), self.array("conv2d", number, 1)

    def pointwise(self, number: int) -> tuple[F64, F64]:
        """Matrix (out, in) of a 1x1 convolution, and its bias (out,)."""
        kernel, bias = self.convolution(number)
        return kernel[:, :, 0, 0], bias

    def normalisation(self, number: int) -> tuple[F64, F64]:
        """Scale and shift, each (channels,)."""
        return self.array("layer_normalization", number, 0), self.array("layer_normalization", number, 1)


def _prefixed(name: str, parts: dict[str, F64]) -> dict[str, F64]:
    return {f"{name}.{part}": array for part, array in parts.items()}


def _grouped(depthwise: F64) -> F64:
    """(height, width, channels, 1) as (channels, 1, 1, height, width)."""
    return depthwise.transpose(2, 3, 0, 1)[:, None]


def _as_kernel(matrix: F64) -> F64:
    return matrix[:, :, None, None]


def _centred(array: F64) -> F64:
    """Without the mean over the output channels, which come first."""
    centred: F64 = array - array.mean(axis=0, keepdims=True)
    return centred


def _without_mean_of_inputs(matrix: F64) -> F64:
    """The matrix (out, in) that gives for x what the given one gives for x minus the mean of x."""
    reduced: F64 = matrix - matrix.mean(axis=1, keepdims=True)
    return reduced


def _stem(source: _Source, plain: int, dilated: int, norm: int) -> dict[str, F64]:
    (kernel, bias), (kernel2, bias2) = source.convolution(plain), source.convolution(dilated)
    wide = np.zeros((len(bias) + len(bias2), 1, 9, 9))
    wide[: len(bias), :, 2:7, 2:7] = kernel
    wide[len(bias) :, :, ::2, ::2] = kernel2
    scale, shift = source.normalisation(norm)
    bias = _centred(np.concatenate([bias, bias2]))
    return {"kernel": _centred(wide), "bias": bias, "scale": scale, "shift": shift}


def _separable(source: _Source, number: int, norm: int) -> dict[str, F64]:
    depthwise, pointwise, bias = (source.array("separable_conv2d", number, i) for i in range(3))
    scale, shift = source.normalisation(norm)
    return {
        "depthwise": _grouped(depthwise),
        "kernel": _as_kernel(_centred(pointwise[0, 0].T)),
        "bias": _centred(bias),
        "scale": scale,
        "shift": shift,
    }


def _gate(source: _Source) -> dict[str, F64]:
    """The convolution of the three joined dilations as one for each."""
    kernel, bias = source.convolution(GATE)
    parts = np.split(kernel, len(ATTENTION), axis=1)
    gates = {f"gate_d{dilation}.kernel": part for dilation, part in zip(ATTENTION, parts, strict=True)}
    return gates | {"gate.bias": bias}


def _bottleneck(source: _Source, block: Bottleneck) -> dict[str, F64]:
    scale, shift = source.normalisation(block.normalisation)
    expand, expand_bias = source.pointwise(block.expand)
    reduce, reduce_bias = source.pointwise(block.reduce)
    adjust, adjust_bias = source.pointwise(block.adjust)
    return {
        "depthwise": _grouped(source.array("depthwise_conv2d", block.depthwise, 0)),
        "expand": _as_kernel(_without_mean_of_inputs(expand * scale)),
        "expand_bias": expand_bias + expand @ shift,
        "inner": _as_kernel(adjust @ reduce),
        "outer": _as_kernel(adjust),
        "bias": adjust @ reduce_bias + adjust_bias,
    }


def _head(source: _Source, head: Head) -> dict[str, F64]:
    parts = _bottleneck(source, head.bottleneck)
    conv1, conv1_bias = source.pointwise(head.conv1)
    scale, shift = source.normalisation(head.normalisation)
    conv2, conv2_bias = source.pointwise(head.conv2)
    output, output_bias = source.convolution(head.output)
    centred = _centred(conv1)
    parts["inner"] = _as_kernel(centred @ parts["inner"][:, :, 0, 0])
    parts["outer"] = _as_kernel(centred @ parts["outer"][:, :, 0, 0])
    parts["bias"] = centred @ parts["bias"] + _centred(conv1_bias)
    parts["conv2"] = _as_kernel(conv2 * scale)
    parts["conv2_bias"] = conv2_bias + conv2 @ shift
    parts["output"] = _by_phase(output)
    parts["output_bias"] = np.repeat(output_bias, 4)
    return parts


def _by_phase(kernel: F64) -> F64:
    """A 5x5 kernel after nearest x2 upsampling as 3x3 kernels before it.

    kernel   (out, in, 5, 5)
    returns  (4 out, in, 3, 3): channel 4 o + 2 py + px gives the pixels (2 y + py, 2 x + px) of output o
    """
    out, inputs = kernel.shape[:2]
    phases = np.zeros((out, 4, inputs, 3, 3))
    for py, px, ky, kx in np.ndindex(2, 2, 5, 5):
        row, column = (py + ky - 2) // 2 + 1, (px + kx - 2) // 2 + 1
        phases[:, 2 * py + px, :, row, column] += kernel[:, :, ky, kx]
    return phases.reshape(4 * out, inputs, 3, 3)
