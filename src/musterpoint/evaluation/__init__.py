"""Measuring accuracy: data sets, protocols, error rates and their intervals, two runs compared.

The words and definitions are those of ISO/IEC 19795-1; `docs/accuracy.md` explains the figures.
"""

from musterpoint.evaluation.card import card
from musterpoint.evaluation.data_set import DataSet, Sample
from musterpoint.evaluation.det_plot import Curve, draw_det
from musterpoint.evaluation.engine import Compare, CompareRow, Engine, Extract, Found, Search
from musterpoint.evaluation.evaluation import Settings, Weights, evaluate, evaluate_all
from musterpoint.evaluation.extraction import Failure
from musterpoint.evaluation.intervals import Interval
from musterpoint.evaluation.npz_file import read_run
from musterpoint.evaluation.parquet_file import (
    Run,
    insist_on_parquet,
    read_parquet,
    run_to_parquet,
    to_parquet,
)
from musterpoint.evaluation.plotting import plots
from musterpoint.evaluation.protocol import Pairs, Protocol, pairs
from musterpoint.evaluation.rates import (
    FIGURE_NAMES,
    Det,
    Figures,
    OperatingPoint,
    cmc,
    det,
    eer,
    figures,
    fnmr_at,
)
from musterpoint.evaluation.score_file import run_to_npz, to_csv, to_npz
from musterpoint.evaluation.summary import to_json
from musterpoint.evaluation.summing import Measured, Progress, Stage, summary
from musterpoint.evaluation.trials import Trials
from musterpoint.evaluation.values import Evaluation, MeanFigures, PooledFigures, SetEvaluation, Values

__all__ = [
    "FIGURE_NAMES",
    "Compare",
    "CompareRow",
    "Curve",
    "DataSet",
    "Det",
    "Engine",
    "Evaluation",
    "Extract",
    "Failure",
    "Figures",
    "Found",
    "Interval",
    "MeanFigures",
    "Measured",
    "OperatingPoint",
    "Pairs",
    "PooledFigures",
    "Progress",
    "Protocol",
    "Run",
    "Sample",
    "Search",
    "SetEvaluation",
    "Settings",
    "Stage",
    "Trials",
    "Values",
    "Weights",
    "card",
    "cmc",
    "det",
    "draw_det",
    "eer",
    "evaluate",
    "evaluate_all",
    "figures",
    "fnmr_at",
    "insist_on_parquet",
    "pairs",
    "plots",
    "read_parquet",
    "read_run",
    "run_to_npz",
    "run_to_parquet",
    "summary",
    "to_csv",
    "to_json",
    "to_npz",
    "to_parquet",
]
