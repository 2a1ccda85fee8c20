"""Any record of finger minutiae to templates: the record says by itself what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from musterpoint.errors import RecordError
from musterpoint.interchange import incits378, iso19794_2, records
from musterpoint.interchange.sniffing import is_record, other_name, sniff
from musterpoint.interchange.values import Deviation, DeviationCode, Reading, RecordFormat

_Read = Callable[[bytes], Reading]

_READERS: Final[dict[RecordFormat, tuple[_Read, _Read]]] = {
    RecordFormat.ISO_19794_2_2005: (iso19794_2.read, incits378.read),
    RecordFormat.ISO_19794_2_2011: (iso19794_2.read, incits378.read),
    RecordFormat.INCITS_378_2004: (incits378.read, iso19794_2.read),
    RecordFormat.INCITS_378_2009: (incits378.read, iso19794_2.read),
}
"""The likeliest reader first: two standards share each beginning."""


def read_templates(data: bytes, where: str = "") -> Reading:
    """The templates of a record of any standard that is read here.

    Raises:
        RecordError: no record of finger minutiae, or one that is cut off or broken.
    """
    format_ = sniff(data)
    if format_ is None:
        raise RecordError(
            expected="a record of finger minutiae (ISO/IEC 19794-2 or INCITS 378)",
            found=other_name(data),
            hint="Have it exported as ISO/IEC 19794-2:2005, or give the image of the finger instead"
            if is_record(data)
            else "Choose the record, or give the image of the finger instead",
            where=where,
        )
    with records.named(where):
        reading = records.first_clean(data, _READERS[format_])
    if reading.format == format_:
        return reading
    dialect = Deviation(DeviationCode.DIALECT, 8, f"the length field of {format_}", reading.format.value)
    return replace(reading, deviations=(dialect, *reading.deviations))
