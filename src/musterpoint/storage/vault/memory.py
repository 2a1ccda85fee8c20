"""What can be done so that keys do not leave the memory of this process."""

from __future__ import annotations

import resource
from contextlib import suppress


def disable_core_dumps() -> None:
    """Have the kernel write no image of this process, or of its children, when it crashes.

    A program that `core_pattern` pipes images to is started all the same and must obey the limit by
    itself, as systemd's and Ubuntu's do. Swap is not prevented: Python cannot lock what it copies.
    """
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
