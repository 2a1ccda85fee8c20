"""Biometric records of others: finger minutiae in, and out."""

from musterpoint.interchange import incits378, iso19794_2
from musterpoint.interchange.reading import read_templates
from musterpoint.interchange.sniffing import is_record, sniff
from musterpoint.interchange.values import Deviation, DeviationCode, Reading, RecordFormat

__all__ = [
    "Deviation",
    "DeviationCode",
    "Reading",
    "RecordFormat",
    "incits378",
    "is_record",
    "iso19794_2",
    "read_templates",
    "sniff",
]
