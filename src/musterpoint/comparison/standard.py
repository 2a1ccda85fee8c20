"""The calibration that comes with the program."""

from __future__ import annotations

from typing import Final

from musterpoint.comparison.calibration import standard_calibration
from musterpoint.comparison.cohort import COHORT
from musterpoint.comparison.comparing import COMPARATOR_VERSION

STANDARD: Final = standard_calibration(COMPARATOR_VERSION, str(COHORT))
"""Measured on the development sets, with the cohort of the package."""
