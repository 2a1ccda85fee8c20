"""Runs the network; the only module that imports OpenVINO."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt

# OpenVINO reports each import to an analytics service if this package is present. None makes it absent.
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]

import openvino  # noqa: E402
from openvino import opset15  # noqa: E402

from musterpoint.extraction import graph  # noqa: E402
from musterpoint.extraction.folding import Folded  # noqa: E402

F32 = npt.NDArray[np.float32]
Size = tuple[int, int]

COMPILED_AFTER: Final = 8
"""Images of one size after which a graph is compiled for it: half a second once, then a quarter quicker."""

COMPILED_MAX: Final = 8
"""Sizes that have a graph of their own; 30 MB each."""

SIZES_MAX: Final = 64
"""Sizes that are counted."""


class Network:
    """The compiled graphs; safe to use from several threads, each call takes a request of its own."""

    def __init__(self, weights: Folded, threads: int = 1) -> None:
        """threads  of one inference; results do not depend on it by more than rounding."""
        self._weights = weights
        self._core = openvino.Core()
        # Without the precision hint OpenVINO uses bfloat16 where the processor has it: other minutiae
        # on other machines. Its own model cache is not used: it loads damaged files without notice.
        self._settings = {
            "INFERENCE_PRECISION_HINT": "f32",
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "ENABLE_CPU_PINNING": False,
        }
        inputs, output = graph.heads(opset15, weights)
        self._heads = self._compile([output], list(inputs))
        self._any_size = self._compile_trunk(None)
        self._lock = threading.Lock()
        self._seen: OrderedDict[Size, int] = OrderedDict()
        self._of_size: OrderedDict[Size, _Pool] = OrderedDict()

    @contextmanager
    def maps(self, padded: F32) -> Iterator[tuple[F32, F32]]:
        """Position map (4, H / 2, W / 2) and features (H / 2, W / 2, 52) of a padded image (H, W).

        Both are the runtime's own memory: valid inside of the `with` block only.
        """
        height, width = padded.shape
        with self._trunk((height, width)).run([padded[None, None]]) as (position, features):
            yield position[0], features[0]

    def attributes(self, patches: F32, mask: F32) -> F32:
        """Outputs of the heads, (n, 12), for patches (n, 9, 9, 52) and their masks (n, 1, 3, 3)."""
        with self._heads.run([patches, mask]) as (outputs,):
            return np.array(outputs).reshape(len(patches), 12)

    def _trunk(self, size: Size) -> _Pool:
        with self._lock:
            if size in self._of_size:
                self._of_size.move_to_end(size)
                return self._of_size[size]
            self._seen[size] = self._seen.pop(size, 0) + 1
            if len(self._seen) > SIZES_MAX:
                self._seen.popitem(last=False)
            if self._seen[size] <= COMPILED_AFTER:
                return self._any_size
            del self._seen[size]
            self._of_size[size] = self._compile_trunk(size)
            if len(self._of_size) > COMPILED_MAX:
                self._of_size.popitem(last=False)
            return self._of_size[size]

    def _compile_trunk(self, size: Size | None) -> _Pool:
        image, outputs = graph.trunk(opset15, self._weights, size)
        return self._compile(list(outputs), [image])

    def _compile(self, outputs: list[Any], inputs: list[Any]) -> _Pool:
        model = openvino.Model(outputs, inputs)
        return _Pool(self._core.compile_model(model, "CPU", self._settings))


class _Pool:
    """A compiled graph with as many inference requests as there were calls at the same time."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._idle: deque[Any] = deque()

    @contextmanager
    def run(self, inputs: list[F32]) -> Iterator[list[F32]]:
        """The outputs for these inputs, in the request's own memory: valid inside of the block only."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        request.infer(dict(enumerate(inputs)), share_inputs=True)
        yield [tensor.data for tensor in request.output_tensors]
        self._idle.append(request)
