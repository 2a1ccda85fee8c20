"""Finds the peaks of the network's position map and cuts the patches around them."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import numpy as np
from numba import njit

PATCH = 9
REACH = PATCH // 2
WINDOW = 3


@njit("void(float32[:, :, ::1], float32[:, ::1])", nogil=True, cache=True)
def blur(phases, blurred):
    """Interleave the four phases and blur by the outer product of (1, 4, 6, 4, 1) / 16, zero outside.

    phases   float32 (4, h, w), channel 2 py + px holds the pixels (2 y + py, 2 x + px)
    blurred  float32 (2 h, 2 w), written
    """
    height, width = 2 * phases.shape[1], 2 * phases.shape[2]
    rows = np.zeros((height + 4, width), np.float32)
    line = np.zeros(width + 4, np.float32)
    for y in range(height):
        for x in range(width // 2):
            line[2 * x + 2] = phases[2 * (y & 1), y >> 1, x]
            line[2 * x + 3] = phases[2 * (y & 1) + 1, y >> 1, x]
        for x in range(width):
            outer = line[x] + line[x + 4]
            inner = line[x + 1] + line[x + 3]
            rows[y + 2, x] = (outer + np.float32(4) * inner + np.float32(6) * line[x + 2]) / np.float32(16)
    for y in range(height):
        for x in range(width):
            outer = rows[y, x] + rows[y + 4, x]
            inner = rows[y + 1, x] + rows[y + 3, x]
            blurred[y, x] = (outer + np.float32(4) * inner + np.float32(6) * rows[y + 2, x]) / np.float32(16)


@njit(
    "int64(float32[:, ::1], float32, int64[::1], int32[::1], int32[::1], float32[::1])",
    nogil=True,
    cache=True,
)
def peaks(blurred, threshold, box, ys, xs, values):
    """Pixels that reach the threshold and are the largest of their 7x7 window; equal neighbours all count.

    blurred         float32 (H, W)
    box             int64 (4,): top, left, bottom, right of the rows and columns to report, ends excluded
    ys, xs, values  written, in the order of rows; as long as the box has pixels
    returns         how many were written
    """
    height, width = blurred.shape
    count = 0
    for y in range(box[0], box[2]):
        for x in range(box[1], box[3]):
            value = blurred[y, x]
            if value < threshold:
                continue
            largest = True
            for ny in range(max(y - WINDOW, 0), min(y + WINDOW + 1, height)):
                for nx in range(max(x - WINDOW, 0), min(x + WINDOW + 1, width)):
                    if blurred[ny, nx] > value:
                        largest = False
                        break
                if not largest:
                    break
            if largest:
                ys[count], xs[count], values[count] = y, x, value
                count += 1
    return count


@njit(
    "void(float32[:, :, ::1], int32[::1], int32[::1], float32[:, :, :, ::1], float32[:, :, :, ::1])",
    nogil=True,
    cache=True,
)
def cut_patches(features, ys, xs, patches, mask):
    """Copy the surroundings of each peak from the half resolution feature map.

    features  float32 (h, w, channels)
    ys, xs    int32 (n,), full resolution pixels
    patches   float32 (n, 9, 9, channels), written; zero outside of the map
    mask      float32 (n, 1, 3, 3), written; 1 where the inner 3x3 pixels lie inside of the map, else 0
    """
    height, width, channels = features.shape
    for i in range(len(ys)):
        for row in range(PATCH):
            for column in range(PATCH):
                y = ys[i] // 2 + row - REACH
                x = xs[i] // 2 + column - REACH
                inside = 0 <= y < height and 0 <= x < width
                if abs(row - REACH) <= 1 and abs(column - REACH) <= 1:
                    mask[i, 0, row - REACH + 1, column - REACH + 1] = 1 if inside else 0
                for channel in range(channels):
                    patches[i, row, column, channel] = features[y, x, channel] if inside else np.float32(0)
