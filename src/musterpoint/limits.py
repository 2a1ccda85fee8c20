"""Every bound of the product, with its unit and its reason."""

from typing import Final

IMAGE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Bytes of one encoded image: an uncompressed 1000 ppi palm is larger than any finger needs."""

IMAGE_PIXELS_MAX: Final = 64_000_000
"""Pixels before resampling; the largest image in public slap lists has 40 million."""

IMAGE_SIDE_MAX_PX: Final = 16_383
"""Width and height: ISO/IEC 19794-2:2005 stores coordinates in 14 bits."""

FINGER_PIXELS_MAX: Final = 2_000_000
"""Pixels of a single finger at 500 ppi: four times a rolled nail-to-nail finger."""

IMAGE_SIDE_MIN_PX: Final = 64
"""Width and height at 500 ppi: 3.3 mm, about seven ridges."""

PPI_MIN: Final = 250
"""Below this, ridges are not resolved."""

PPI_MAX: Final = 1200
"""Above this, the value is more likely wrong than the sensor extraordinary."""

PPI: Final = 500
"""Resolution of every image and template inside the product."""

RECORD_BYTES_MAX: Final = 32 * 1024 * 1024
"""Bytes of one biometric record."""

MINUTIAE_MAX: Final = 255
"""Minutiae of one template: the count of ISO/IEC 19794-2:2005 is one byte."""

VIEWS_MAX: Final = 176
"""Finger views of one ISO/IEC 19794-2:2005 record."""

FINGERS_MAX: Final = 20
"""Captures of one encounter: ten fingers, two impressions each."""

IMPRESSIONS_MAX: Final = 2
"""Of one finger in one visit: more are rather the same finger of several people."""

CANDIDATES_MAX: Final = 20
"""Candidates of one search: more cannot be adjudicated with care."""

DELTA_REFERENCES_MAX: Final = 256
"""References compared inside of a write transaction; 22 ms a probe finger at most."""

SEARCH_ATTEMPTS_MAX: Final = 3
"""Searches started anew because too many references arrived meanwhile."""

LISTING_ROWS_MAX: Final = 1_000_000
"""Rows of a manifest or files of a folder."""

TEXT_CHARACTERS_MAX: Final = 200
"""Characters of a purpose, site, note or other short text."""

DATA_SET_IMAGES_MAX: Final = 10_000
"""Images of one data set: all pairs of so many are 50 million comparisons, an hour on one core."""

DATA_SET_BYTES_MAX: Final = 16 * 1024 * 1024
"""Bytes of a data set's description: 1,600 an image."""

TRIALS_MAX: Final = 60_000_000
"""Trials of a protocol, and rows of a file of scores that is read: all pairs of the largest data set."""

WRITER_WAIT_MAX_S: Final = 30.0
"""Seconds that a writer waits for the others: with 50 ms each, some 600 of them."""

ENGINE_WAIT_MAX_S: Final = 5.0
"""Seconds that SQLite waits for a lock held by a program that does not queue with our writers."""

JOURNAL_LINE_CHARACTERS_MAX: Final = 65_536
"""Characters of the body of one journal line: facts, never payloads."""

RETENTION_DAYS_DEFAULT: Final = 365
"""Days that a record is kept where the agreement says nothing: nothing is kept for ever by silence."""

RETENTION_DAYS_MAX: Final = 36_525
"""Days that an agreement may ask for: a hundred years."""

CLOCK_DOUBTED_FROM_S: Final = 45 * 86_400
"""Seconds that a clock may lie ahead of or behind the last time seen before erasing by date wants a
confirmation: a station that rests longer is rarer than a clock that is or was set wrongly."""

BIOGRAPHIC_FIELDS_MAX: Final = 40
"""Free biographic fields of one encounter: a form that people can fill in at a gate."""

AGREEMENT_ITEMS_MAX: Final = 200
"""Parties, terms, grants or rules of one agreement: more than this nobody reads before signing."""

TERM_CHARACTERS_MAX: Final = 2_000
"""Characters of a term's words, or of a party's statement: half a page."""

AGREEMENT_BYTES_MAX: Final = 1024 * 1024
"""Bytes of an agreement's document."""

APPEAL_HOLD_DAYS: Final = 90
"""Days that a record outlives its date because of an appeal that nobody decides."""

PAIRS_DRAWN_FROM: Final = 20
"""Oldest pairs among which the next one is drawn: random, and still nobody waits for ever."""

REASON_CHARACTERS_MAX: Final = 1_000
"""Characters of the reason for an opinion or an appeal."""

MARKS_MAX: Final = 60
"""Marks that go with one opinion: twice the minutiae that anybody points at."""

ENCOUNTERS_MOVED_MAX: Final = 500
"""Encounters of one change of subjects: its journal line names each, in 37 characters."""

KNOWN_ANSWERS_MAX: Final = 5_000
"""Known-answer pairs added at once: 3,000 bound an error rate at 0.1 %."""

BIOGRAPHIC_BYTES_MAX: Final = 64 * 1024
"""Bytes of a file of biographic fields: 40 texts of 200 characters, generously."""

EXPORT_FILES_MAX: Final = 10_000_000
"""Files of one export: three a finger, for some three million fingers."""

EXPORT_LINE_BYTES_MAX: Final = 16 * 1024 * 1024
"""Bytes of one line of an export: an agreement with all its terms is the longest."""
