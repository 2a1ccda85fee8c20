"""Pictures and pages for people: minutiae, comparisons, pairs, the report of the demonstration."""

from musterpoint.depiction.comparison import draw_comparison
from musterpoint.depiction.encoding import draw_thumbnail, to_png
from musterpoint.depiction.explanation import Grounds, draw_explanation
from musterpoint.depiction.impressions import CERTAIN_QUALITY, ImpressionView
from musterpoint.depiction.minutiae import draw_minutiae
from musterpoint.depiction.pair import FingerPairView, draw_pair
from musterpoint.depiction.report import (
    DEMONSTRATION_LIMITS,
    ComparisonSection,
    DemonstrationReport,
    ReportFigure,
    ReportPicture,
    ReportRow,
    render_report,
)
from musterpoint.depiction.wording import NO_PROBABILITY, describe_comparison, describe_strength

__all__ = [
    "CERTAIN_QUALITY",
    "DEMONSTRATION_LIMITS",
    "NO_PROBABILITY",
    "ComparisonSection",
    "DemonstrationReport",
    "FingerPairView",
    "Grounds",
    "ImpressionView",
    "ReportFigure",
    "ReportPicture",
    "ReportRow",
    "describe_comparison",
    "describe_strength",
    "draw_comparison",
    "draw_explanation",
    "draw_minutiae",
    "draw_pair",
    "draw_thumbnail",
    "render_report",
    "to_png",
]
