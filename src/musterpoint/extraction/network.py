"""Runs the network; the only module that imports OpenVINO."""

from __future__ import annotations

import sys
from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

# OpenVINO reports each import to an analytics service if this package is present. None makes it absent.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402
from openvino import opset15  # noqa: E402

from musterpoint.extraction import graph  # noqa: E402
from musterpoint.extraction.folding import Folded  # noqa: E402

F32 = npt.NDArray[np.float32]


class Network:
    """The compiled graphs; safe to use from several threads, each call takes a request of its own."""

    def __init__(self, weights: Folded, threads: int = 1) -> None:
        """threads  of one inference; results do not depend on it by more than rounding."""
        core = openvino.Core()
        # Without the precision hint OpenVINO uses bfloat16 where the processor has it: other minutiae
        # on other machines. Its own model cache is not used: it loads damaged files without notice.
        self._settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,
        }
        image, outputs = graph.trunk(opset15, weights)
        self._trunk = self._compile(core, outputs, [image])
        inputs, output = graph.heads(opset15, weights)
        self._heads = self._compile(core, [output], list(inputs))

    def maps(self, padded: F32) -> tuple[F32, F32]:
        """Position map (4, H / 2, W / 2) and features (H / 2, W / 2, 52) of a padded image (H, W)."""
        position, features = self._trunk([padded[None, None]])
        return position[0], features[0]

    def attributes(self, patches: F32, mask: F32) -> F32:
        """Outputs of the heads, (n, 12), for patches (n, 9, 9, 52) and their masks (n, 1, 3, 3)."""
        (outputs,) = self._heads([patches, mask])
        return outputs.reshape(len(patches), 12)

    def _compile(self, core: Any, outputs: Any, inputs: Any) -> _Pool:
        return _Pool(core.compile_model(openvino.Model(list(outputs), inputs), "CPU", self._settings))


class _Pool:
    """A compiled graph with as many inference requests as there were calls at the same time."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._idle: deque[Any] = deque()

    def __call__(self, inputs: list[F32]) -> list[F32]:
        """The outputs for these inputs, as copies: a request reuses its own memory."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        request.infer(dict(enumerate(inputs)), share_inputs=True)
        outputs = [np.array(tensor.data) for tensor in request.output_tensors]
        self._idle.append(request)
        return outputs
