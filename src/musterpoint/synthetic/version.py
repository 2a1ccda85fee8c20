"""The version of the generator, which belongs into every stored reference to what it made."""

from typing import Final

GENERATOR_VERSION: Final = "1"
"""Changes whenever the same seed gives another finger, impression or population."""
