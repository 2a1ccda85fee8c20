"""Exit codes that commands return themselves; docs/reference/errors.md lists all."""

from typing import Final

NO: Final = 1
"""Done, and the answer is no."""

SOME_FAILED: Final = 11
"""A batch was finished, and some of its items failed."""
