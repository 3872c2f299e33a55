"""Measures what a picture shows: colours, regions, and the outlines of regions. No model.

The background is the colour along the border; a thing is a region of pixels nearer to the commonest
other colour; its shape is the one whose outline covers the same part of its box.
"""

from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from embedded.images.recipe.scenes import (
    COLOURS,
    EDGE,
    OUTLINES,
    PALETTE,
    Colour,
    Place,
    Scene,
    Shape,
    Size,
)
from embedded.untyped import drop_types

Array = np.ndarray[Any, np.dtype[Any]]

BORDER = 2
"""Pixels of the frame that is all background."""
APART = 45.0
"""From the background's levels, of pixels that may be a thing's: half of the least between two
colours of the palette."""
GRID = 32
"""Cells along an edge of the box in which outlines are compared."""
ALIKE = 0.65
"""Of the cells that either outline covers, the part that both do; less is no known shape."""
ASPECT = 1.3
"""How much broader or higher than its outline a shape may be."""
LEAST_AREA = 0.004
"""Of the picture; smaller regions are specks."""
LEAST_SHARE = 0.25
"""Of the largest region; smaller ones are no things of their own."""
BOUNDS_OF_ONE, BOUNDS_OF_SEVERAL = (24.0, 38.0), (16.6, 23.0)
"""Pixels of the radius where medium begins and where it ends."""
NEAR_EDGE = 0.35
"""Of the free space, what is left beside a thing that is at an edge."""


@dataclass(frozen=True)
class Sight:
    """What a picture shows."""

    background: Colour
    colour: Colour | None = None
    shape: Shape | None = None
    """None: of no known shape, or not all of the same."""
    size: Size | None = None
    place: Place | None = None
    """Of the only thing."""
    count: int = 0

    def differs(self, scene: Scene) -> set[str]:
        """Return the aspects in which this is not the scene: the place only if one is set."""
        aspects = {"colour", "shape", "background", "size", "count"}
        if scene.place is not None:
            aspects.add("place")
        return {name for name in aspects if getattr(self, name) != getattr(scene, name)}


def look_at(picture: Image.Image) -> Sight:
    """Return what a picture shows."""
    scale = EDGE / min(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    levels = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX)).astype(float)
    nearest = _nearest(levels)
    background = _commonest(_frame(nearest))
    ground = _mean(levels, _find_in_frame(nearest, background))
    other = nearest != COLOURS.index(background)
    off = (np.linalg.norm(levels - ground, axis=2) > APART) & other
    inner = drop_types(ndimage).binary_erosion(off, iterations=2)
    if not inner.any():
        return Sight(background)
    colour = _commonest(nearest[inner])
    ink = np.array(PALETTE[colour], float)
    # Nearer to the thing than to the ground, along the line between the two.
    along = (levels - ground) @ (ink - ground) / max(1.0, float((ink - ground) @ (ink - ground)))
    regions = _regions((along > 0.5) & off)
    if not regions:
        return Sight(background)
    shapes: set[Shape | None] = {_shape(region) for region in regions}
    return Sight(
        background,
        colour,
        shapes.pop() if len(shapes) == 1 else None,
        _size(regions),
        _place(regions[0], off.shape) if len(regions) == 1 else None,
        len(regions),
    )


@dataclass(frozen=True)
class _Region:
    covered: Array
    """Where it is, within its box."""
    top: int
    left: int


def _regions(mask: Array) -> list[_Region]:
    numbers, _ = drop_types(ndimage).label(mask, structure=np.ones((3, 3)))
    found = [
        _Region(numbers[box] == number, box[0].start, box[1].start)
        for number, box in enumerate(drop_types(ndimage).find_objects(numbers), 1)
    ]
    found.sort(key=lambda region: -region.covered.sum())
    least = max(LEAST_AREA * mask.size, LEAST_SHARE * found[0].covered.sum() if found else 0.0)
    return [region for region in found if region.covered.sum() >= least]


def _shape(region: _Region) -> Shape | None:
    height, width = region.covered.shape
    cells = np.asarray(
        Image.fromarray((region.covered * 255).astype(np.uint8)).resize((GRID, GRID))
    )
    seen = cells > 127
    best: tuple[float, Shape | None] = (ALIKE, None)
    for shape in get_args(Shape):
        known, aspect = REFERENCES[shape]
        if not 1 / ASPECT < width / height / aspect < ASPECT:
            continue
        alike = float((seen & known).sum() / (seen | known).sum())
        best = max(best, (alike, shape), key=lambda item: item[0])
    return best[1]


def _size(regions: list[_Region]) -> Size:
    radius = max(regions[0].covered.shape) / 2
    low, high = BOUNDS_OF_ONE if len(regions) == 1 else BOUNDS_OF_SEVERAL
    return "small" if radius < low else "big" if radius > high else "medium"


def _place(region: _Region, size: tuple[int, ...]) -> Place:
    height, width = region.covered.shape
    down = _side(region.top, size[0] - height, ("top", "bottom"))
    across = _side(region.left, size[1] - width, ("left", "right"))
    return f"{down} {across}".strip() or "centre"  # pyright: ignore[reportReturnType]


def _side(before: int, free: int, names: tuple[str, str]) -> str:
    share = before / max(1, free)
    return names[0] if share < NEAR_EDGE else names[1] if share > 1 - NEAR_EDGE else ""


def _nearest(levels: Array) -> Array:
    """Return which colour of the palette each pixel is nearest to."""
    palette = np.array([PALETTE[colour] for colour in COLOURS], float)
    return np.linalg.norm(levels[:, :, None] - palette, axis=3).argmin(axis=2)


def _frame(values: Array) -> Array:
    inside = np.zeros(values.shape[:2], bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    return values[~inside]


def _find_in_frame(nearest: Array, colour: Colour) -> Array:
    """Return where in the frame that colour is."""
    inside = np.zeros(nearest.shape, bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    return ~inside & (nearest == COLOURS.index(colour))


def _mean(levels: Array, where: Array) -> Array:
    return levels[where].mean(axis=0)


def _commonest(numbers: Array) -> Colour:
    return COLOURS[int(np.bincount(numbers.ravel(), minlength=len(COLOURS)).argmax())]


def _reference(shape: Shape) -> tuple[Array, float]:
    """Return which cells of its box a shape covers, and how much broader than high it is."""
    points = np.array(OUTLINES[shape])
    low, high = points.min(axis=0), points.max(axis=0)
    fine = 8 * GRID
    canvas = Image.new("L", (fine, fine))
    corners = [(float(x), float(y)) for x, y in (points - low) / (high - low) * (fine - 1)]
    ImageDraw.Draw(canvas).polygon(corners, fill=255)
    covered = np.asarray(canvas.resize((GRID, GRID), Image.Resampling.BOX)) > 127
    broad, tall = high - low
    return covered, float(broad / tall)


REFERENCES = {shape: _reference(shape) for shape in get_args(Shape)}
