"""What the embedded image model draws, and how it looks: scenes and their pictures.

Also the one seed of the recipe and the rule that decides what is held out from training. Uses
no captions and no model.
"""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from PIL import Image, ImageDraw

SEED = 20261122
HELD_OUT_ONE_IN = 8

Colour = Literal["red", "orange", "yellow", "green", "blue", "purple", "pink", "black", "white"]
Shape = Literal["circle", "square", "triangle"]
Size = Literal["small", "medium", "big"]
Place = Literal[
    "centre", "left", "right", "top", "bottom",
    "top left", "top right", "bottom left", "bottom right",
]  # fmt: skip
Pixel = tuple[int, int, int]
Point = tuple[float, float]
Box = tuple[int, int, int, int]

PALETTE: dict[Colour, Pixel] = {
    "red": (215, 20, 30),
    "orange": (255, 130, 0),
    "yellow": (255, 230, 40),
    "green": (30, 160, 50),
    "blue": (30, 80, 220),
    "purple": (145, 30, 185),
    "pink": (255, 115, 185),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
}
COLOURS: tuple[Colour, ...] = tuple(PALETTE)
SHAPES: tuple[Shape, ...] = ("circle", "square", "triangle")
SIZES: tuple[Size, ...] = ("small", "medium", "big")
PLACES: tuple[Place, ...] = (
    "centre", "left", "right", "top", "bottom",
    "top left", "top right", "bottom left", "bottom right",
)  # fmt: skip

EDGE = 128
"""Pixels of a square picture's edge."""
SIZES_TO_DRAW = ((128, 128), (128, 128), (128, 128), (104, 160), (160, 104), (168, 96), (96, 168))
"""Width and height in pixels of the pictures learnt from: about as many pixels in every shape."""
RADII: dict[Size, tuple[float, float]] = {"small": (17, 20), "medium": (28, 33), "big": (43, 48)}
"""Pixels in a picture whose shorter edge is ``EDGE``: half of the edge of a thing's box."""
RADII_OF_SEVERAL: dict[Size, tuple[float, float]] = {
    "small": (14, 15.5), "medium": (19.5, 22), "big": (26.5, 28.5),
}  # fmt: skip
MARGIN = 4.0
"""Pixels between a thing at the edge and the edge."""
FINER = 2
"""How many times larger a picture is drawn than it will be, for smooth edges."""


@dataclass(frozen=True)
class Scene:
    """Some equal things before a background."""

    colour: Colour
    shape: Shape
    background: Colour
    size: Size = "medium"
    place: Place | None = None
    """Only of one thing; None: anywhere about the centre."""
    count: int = 1

    @property
    def is_held_out(self) -> bool:
        """Whether it never appears in training, by a checksum: no list has to be stored."""
        key = f"homeport:{self.colour} {self.shape} on {self.background}"
        return zlib.crc32(key.encode()) % HELD_OUT_ONE_IN == 0


def random_scene(rng: Random, *, held_out: bool) -> Scene:
    """Return a scene of the one side of the rule."""
    while True:
        background: Colour = "white" if rng.random() < 0.2 else rng.choice(COLOURS)
        colour: Colour = rng.choice([colour for colour in COLOURS if colour != background])
        count = rng.choice((1, 1, 1, 2, 3))
        place = rng.choice(PLACES) if count == 1 and rng.random() < 0.5 else None
        size: Size = rng.choice(("small", "medium", "medium", "big"))
        scene = Scene(colour, rng.choice(SHAPES), background, size, place, count)
        if scene.is_held_out == held_out:
            return scene


def boxes_of(scene: Scene, rng: Random, size: tuple[int, int]) -> list[tuple[Point, float]]:
    """Return the centre and the radius of each thing in a picture of this size."""
    width, height = size
    unit = min(size) / EDGE
    low, high = (RADII if scene.count == 1 else RADII_OF_SEVERAL)[scene.size]
    if scene.count == 1:
        radius = rng.uniform(low, high) * unit
        return [(_centre(scene.place, rng, size, radius + MARGIN * unit), radius)]
    radius = rng.uniform(low, high) * unit
    if scene.count == 2:
        cells = [(0.25, 0.5), (0.75, 0.5)]
    else:
        cells = [(0.5, 0.25), (0.25, 0.75), (0.75, 0.75)]
    placed: list[tuple[Point, float]] = []
    for across, down in cells:
        jitter_x = min(0.04 * width, max(0.0, width / 4 - radius - 2 * unit))
        jitter_y = min(0.04 * height, max(0.0, height / 4 - radius - 2 * unit))
        x = across * width + rng.uniform(-jitter_x, jitter_x)
        y = down * height + rng.uniform(-jitter_y, jitter_y)
        placed.append(((x, y), radius))
    return placed


def draw(
    scene: Scene, rng: Random, size: tuple[int, int] = (EDGE, EDGE), inside: Box | None = None
) -> Image.Image:
    """Return a picture of a scene; ``inside`` has the things in a part of it only."""
    finer = (size[0] * FINER, size[1] * FINER)
    picture = Image.new("RGB", finer, PALETTE[scene.background])
    pencil = ImageDraw.Draw(picture)
    left, top, right, bottom = inside or (0, 0, *size)
    for (x, y), radius in boxes_of(scene, rng, (right - left, bottom - top)):
        points = [
            ((left + x + radius * across) * FINER, (top + y + radius * down) * FINER)
            for across, down in OUTLINES[scene.shape]
        ]
        pencil.polygon(points, fill=PALETTE[scene.colour])
    return picture.reduce(FINER)


def _centre(place: Place | None, rng: Random, size: tuple[int, int], reach: float) -> Point:
    """Return where a thing is that reaches so far from there."""
    x, y = size[0] / 2, size[1] / 2
    shake = 0.08 * min(size)
    if place:  # so little that it stays there, however little room there is
        shake = min(0.04 * min(size), 0.15 * (min(size) - 2 * reach))
        x = {"left": reach, "right": size[0] - reach}.get(place.split()[-1], x)
        y = {"top": reach, "bottom": size[1] - reach}.get(place.split()[0], y)
    x, y = x + rng.uniform(-shake, shake), y + rng.uniform(-shake, shake)
    return (
        min(max(x, reach), max(size[0] - reach, reach)),
        min(max(y, reach), max(size[1] - reach, reach)),
    )


def _round(radius: Sequence[float], turn: float = -math.pi / 2) -> list[Point]:
    """Return points around the centre, at these distances in turn."""
    angles = [turn + 2 * math.pi * index / len(radius) for index in range(len(radius))]
    return [(r * math.cos(a), r * math.sin(a)) for r, a in zip(radius, angles, strict=True)]


OUTLINES: dict[Shape, list[Point]] = {
    "circle": _round([1.0] * 64),
    "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    "triangle": [(0, -0.9), (1, 0.85), (-1, 0.85)],
}
"""Each shape as points, as if its radius were one."""
