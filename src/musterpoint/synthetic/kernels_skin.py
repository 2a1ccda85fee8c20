"""Compiled loops that lay skin detail on a finger and press it on a sensor."""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-untyped-decorators, no-check-untyped-defs

from __future__ import annotations

import math

import numpy as np
from numba import njit

from musterpoint.synthetic.kernels import normal, smoothstep, uniform

_ONE = np.uint64(1)
_PORE_PX = 8
_NUMBERS_PER_PORE = np.uint64(4)
_PORE_ROW = np.uint64(1 << 12)


@njit("void(float32[:, ::1], uint64, float64, float32[:, ::1])", nogil=True, cache=True)
def subtract_pores(ridges, key, scale, detail):
    """Take soft dots out of `detail` where pores sit on the crests of the ridges."""
    height, width = ridges.shape
    for i in range(height // _PORE_PX):
        for j in range(width // _PORE_PX):
            n = (np.uint64(i) * _PORE_ROW + np.uint64(j)) * _NUMBERS_PER_PORE
            x = (j + uniform(key, n)) * _PORE_PX
            y = (i + uniform(key, n + _ONE)) * _PORE_PX
            depth = scale * (0.5 + 1.2 * uniform(key, n + _ONE + _ONE))
            for _ in range(4):
                c, r = int(x + 0.5), int(y + 0.5)
                if not (4 < c < width - 5 and 4 < r < height - 5):
                    break
                x += 2.0 * 0.5 * (ridges[r, c + 1] - ridges[r, c - 1])
                y += 2.0 * 0.5 * (ridges[r + 1, c] - ridges[r - 1, c])
            c, r = int(x + 0.5), int(y + 0.5)
            if not (4 < c < width - 5 and 4 < r < height - 5) or ridges[r, c] <= 0.75:
                continue
            for dy in range(-3, 4):
                for dx in range(-3, 4):
                    squared = (c + dx - x) ** 2 + (r + dy - y) ** 2
                    detail[r + dy, c + dx] -= depth * max(0.0, 1.0 - squared / 5.0) ** 2


@njit("void(float32[:, ::1], float64[:, ::1], float64)", nogil=True, cache=True)
def draw_crease(creases, points, depth):
    """Draw a line of x, y, half-width in px; its profile is depth / (1 + (d / width)^4)."""
    height, width = creases.shape
    for k in range(points.shape[0] - 1):
        x0, y0, x1, y1 = points[k, 0], points[k, 1], points[k + 1, 0], points[k + 1, 1]
        reach = 4.0 * max(points[k, 2], points[k + 1, 2])
        dx, dy = x1 - x0, y1 - y0
        length = dx * dx + dy * dy + 1e-9
        for y in range(max(0, int(min(y0, y1) - reach)), min(height, int(max(y0, y1) + reach) + 2)):
            for x in range(max(0, int(min(x0, x1) - reach)), min(width, int(max(x0, x1) + reach) + 2)):
                t = min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / length))
                half = points[k, 2] + t * (points[k + 1, 2] - points[k, 2])
                ox, oy = x - x0 - t * dx, y - y0 - t * dy
                ratio = (ox * ox + oy * oy) / (half * half)
                creases[y, x] = max(creases[y, x], depth / (1.0 + ratio * ratio))


@njit("UniTuple(float64, 2)(float64[::1], float64, float64)", nogil=True, cache=True)
def _on_skin(warp, x, y):
    # Rigid placement, then plastic skin outside of an ellipse that sticks to the glass.
    qx, qy = (x - warp[0]) * warp[4], (y - warp[1]) * warp[4]
    sx = warp[5] + warp[2] * qx - warp[3] * qy
    sy = warp[6] + warp[3] * qx + warp[2] * qy
    rx, ry = sx - warp[7], sy - warp[8]
    ux, uy = rx / warp[9], ry / warp[10]
    b = smoothstep((math.sqrt(ux * ux + uy * uy) - 1.0) / warp[11])
    dx = warp[12] * rx - warp[13] * ry - rx + warp[14]
    dy = warp[13] * rx + warp[12] * ry - ry + warp[15]
    return sx + b * dx, sy + b * dy


@njit("void(uint64, float64[::1], float64, float64, float64, float64, float64[::1])", nogil=True, cache=True)
def draw_warp(key, care, width, height, centre_x, centre_y, warp):
    """Draw how a finger is placed: image to skin, as 16 numbers.

    care  deviations of rotation in radians, shift in px, twist in radians, slide in x and y in px
    warp  filled: image centre x, y; cosine, sine; scale; skin centre x, y; then the plastic part after
          Cappelli, Maio and Maltoni 2001: ellipse centre x, y, semi-axes, softness, cosine, sine, slide x, y
    """
    rotation = care[0] * normal(key, np.uint64(0))
    twist = care[2] * normal(key, np.uint64(4))
    warp[0], warp[1] = 0.5 * width, 0.5 * height
    warp[2], warp[3] = math.cos(rotation), math.sin(rotation)
    warp[4] = 1.0 + 0.008 * normal(key, np.uint64(3))
    warp[5] = centre_x + care[1] * normal(key, np.uint64(1))
    warp[6] = centre_y + care[1] * normal(key, np.uint64(2))
    warp[7] = centre_x + 16.0 * normal(key, np.uint64(5))
    warp[8] = centre_y + 20.0 * normal(key, np.uint64(6))
    warp[9] = 38.0 + 37.0 * uniform(key, np.uint64(7))
    warp[10] = 50.0 + 45.0 * uniform(key, np.uint64(8))
    warp[11] = 1.0 + 1.2 * uniform(key, np.uint64(9))
    warp[12], warp[13] = math.cos(twist), math.sin(twist)
    warp[14] = care[3] * normal(key, np.uint64(10))
    warp[15] = care[4] * normal(key, np.uint64(11))


@njit("void(float64[::1], float64[:, ::1])", nogil=True, cache=True)
def place(warp, points):
    """Move points x, y from the skin into the image, in place: the warp is inverted by iteration."""
    for k in range(points.shape[0]):
        x, y = warp[0], warp[1]
        for _ in range(12):
            sx, sy = _on_skin(warp, x, y)
            dx, dy = points[k, 0] - sx, points[k, 1] - sy
            x += (warp[2] * dx + warp[3] * dy) / warp[4]
            y += (warp[2] * dy - warp[3] * dx) / warp[4]
        points[k, 0], points[k, 1] = x, y


@njit(
    "void(float64[::1], float64[::1], float32[:, ::1], float32[:, ::1], float32[:, ::1], float32[:, ::1],"
    " float32[:, ::1], float32[:, ::1], float32[:, ::1])",
    nogil=True,
    cache=True,
)
def touch(warp, press, ridges, detail, creases, noise, outline, contact, rim):
    """Which of the skin touches the glass.

    press    outline centre x, y; half-width, top and bottom in px; threshold; factors of creases and
             detail; width of the thinning rim; softness
    noise    float32 (H, W), added to the threshold
    outline  float32 (H, W), added to the radius
    contact  float32 (H, W), filled: 0 none .. 1 full
    rim      float32 (H, W), filled: radius, 1 at the outline of the contact
    """
    height, width = contact.shape
    rows, columns = ridges.shape
    for y in range(height):
        for x in range(width):
            contact[y, x] = 0.0
            rim[y, x] = 2.0
            sx, sy = _on_skin(warp, x, y)
            if not (1.0 <= sx < columns - 2.0 and 1.0 <= sy < rows - 2.0):
                continue
            ex = abs(sx - press[0]) / press[2]
            ey = (sy - press[1]) / (press[4] if sy > press[1] else press[3])
            if sy > press[1]:
                rho = (ex * ex * ex + ey * ey * ey) ** (1.0 / 3.0)
            else:
                rho = (ex * ex * math.sqrt(ex) + ey * ey * math.sqrt(-ey)) ** 0.4
            rho += outline[y, x]
            rim[y, x] = rho
            if rho > 1.12:
                continue
            j, i = int(sx), int(sy)
            fx, fy = sx - j, sy - i
            a, b, c, d = (1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy
            v = a * ridges[i, j] + b * ridges[i, j + 1] + c * ridges[i + 1, j] + d * ridges[i + 1, j + 1]
            grain = a * detail[i, j] + b * detail[i, j + 1] + c * detail[i + 1, j] + d * detail[i + 1, j + 1]
            fold = (
                a * creases[i, j] + b * creases[i, j + 1] + c * creases[i + 1, j] + d * creases[i + 1, j + 1]
            )
            thin = max(0.0, (rho - 1.0 + press[8]) / (1.6 * press[8]))
            threshold = press[5] + press[6] * fold - press[7] * grain + noise[y, x] + 1.9 * thin * thin
            contact[y, x] = smoothstep(0.5 * (v - threshold) / press[9] + 0.5)


@njit("void(float32[:, ::1], float32[:, ::1], float32[::1], boolean)", nogil=True, cache=True)
def blur(field, out, weights, along_rows):
    """Weigh neighbours on one side and the other along one axis; the border is repeated."""
    height, width = field.shape
    reach = weights.shape[0] - 1
    for y in range(height):
        for x in range(width):
            total = weights[0] * field[y, x]
            for k in range(1, reach + 1):
                if along_rows:
                    total += weights[k] * (field[y, max(0, x - k)] + field[y, min(width - 1, x + k)])
                else:
                    total += weights[k] * (field[max(0, y - k), x] + field[min(height - 1, y + k), x])
            out[y, x] = total


@njit("void(float64[::1], float32[:, ::1], float32[:, ::1], float32[:, ::1])", nogil=True, cache=True)
def ink(tone, contact, presence, grey):
    """Turn contact into grey.

    tone      grey without a finger, of valleys, of ridges; share of blotches; gain of presence
    presence  float32 (H, W), contact blurred over a ridge period; replaced by 0..1
    grey      float32 (H, W), blotches when called, grey when done
    """
    height, width = contact.shape
    for y in range(height):
        for x in range(width):
            presence[y, x] = min(1.0, tone[4] * presence[y, x])
            ground = tone[0] + presence[y, x] * (tone[1] - tone[0])
            ridge = tone[2] - tone[3] * (tone[0] - tone[2]) * grey[y, x]
            grey[y, x] = ground + contact[y, x] * (ridge - ground)


@njit(
    "void(float64[::1], uint64, float32[:, ::1], float32[:, ::1], float64[::1], uint8[:, ::1])",
    nogil=True,
    cache=True,
)
def expose(levels, key, grey, presence, columns, pixels):
    """Add the sensor's noise and round.

    levels   deviation of the noise where the finger lies, and its share elsewhere
    columns  float64 (W,), added to each column
    """
    height, width = grey.shape
    for y in range(height):
        for x in range(width):
            share = levels[1] + (1.0 - levels[1]) * presence[y, x]
            value = grey[y, x] + columns[x] + levels[0] * share * normal(key, np.uint64(y * 65536 + x))
            pixels[y, x] = int(min(255.0, max(0.0, math.floor(value + 0.5))))


@njit("void(float64[:, ::1], float32[:, ::1], float32[:, ::1], boolean[::1])", nogil=True, cache=True)
def judge_visible(points, contact, rim, visible):
    """Which of the points x, y can be seen: inside of frame and outline, among ridges and valleys."""
    height, width = contact.shape
    for k in range(points.shape[0]):
        x, y = math.floor(points[k, 0] + 0.5), math.floor(points[k, 1] + 0.5)
        visible[k] = False
        if not (6 <= x < width - 6 and 6 <= y < height - 6) or rim[y, x] >= 0.96:
            continue
        total, squared = 0.0, 0.0
        for i in range(y - 6, y + 7):
            for j in range(x - 6, x + 7):
                total += contact[i, j]
                squared += contact[i, j] * contact[i, j]
        mean = total / 169.0
        visible[k] = mean > 0.12 and squared / 169.0 - mean * mean > 0.12 * 0.12
