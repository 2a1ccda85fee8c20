"""Fingerprint images: any accepted format in, one canonical form out."""

from musterpoint.imaging.loading import decode, from_pixels, load_image, raw, read_file
from musterpoint.imaging.resolution import ppi_of_metric
from musterpoint.imaging.saving import to_png
from musterpoint.imaging.sniffing import sniff
from musterpoint.imaging.values import FingerImage, ImageFormat, ImageSource

__all__ = [
    "FingerImage",
    "ImageFormat",
    "ImageSource",
    "decode",
    "from_pixels",
    "load_image",
    "ppi_of_metric",
    "raw",
    "read_file",
    "sniff",
    "to_png",
]
