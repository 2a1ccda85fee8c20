"""Measuring accuracy: data sets, protocol, error rates and their intervals.

The words and definitions are those of ISO/IEC 19795-1; `docs/accuracy.md` explains the figures.
"""

from musterpoint.evaluation.data_set import DataSet, Sample
from musterpoint.evaluation.det_plot import Curve, draw_det
from musterpoint.evaluation.engine import CompareRow, Engine, Extract
from musterpoint.evaluation.evaluation import Progress, Stage, evaluate
from musterpoint.evaluation.extraction import Failure
from musterpoint.evaluation.intervals import Interval
from musterpoint.evaluation.protocol import Pairs, pairs
from musterpoint.evaluation.rates import (
    FIGURE_NAMES,
    Det,
    Figures,
    OperatingPoint,
    det,
    eer,
    figures,
    fnmr_at,
)
from musterpoint.evaluation.score_file import to_csv, to_npz
from musterpoint.evaluation.summary import to_json
from musterpoint.evaluation.values import Evaluation, MeanFigures, PooledFigures, SetEvaluation

__all__ = [
    "FIGURE_NAMES",
    "CompareRow",
    "Curve",
    "DataSet",
    "Det",
    "Engine",
    "Evaluation",
    "Extract",
    "Failure",
    "Figures",
    "Interval",
    "MeanFigures",
    "OperatingPoint",
    "Pairs",
    "PooledFigures",
    "Progress",
    "Sample",
    "SetEvaluation",
    "Stage",
    "det",
    "draw_det",
    "eer",
    "evaluate",
    "figures",
    "fnmr_at",
    "pairs",
    "to_csv",
    "to_json",
    "to_npz",
]
