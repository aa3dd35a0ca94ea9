"""Pictures that people upload as their logo."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw


def picture(
    size: tuple[int, int] = (800, 400),
    mode: str = "RGBA",
    *,
    ink: Any = (200, 30, 60, 255),
    paper: Any = (0, 0, 0, 0),
) -> Image.Image:
    """A disc on a ground, by default red on nothing, over the middle two thirds."""
    drawn = Image.new(mode, size, paper)
    width, height = size
    ImageDraw.Draw(drawn).ellipse(
        (width // 6, height // 6, width - width // 6, height - height // 6), fill=ink
    )
    return drawn


def file_of(drawn: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """The picture as a file."""
    file = BytesIO()
    drawn.save(file, form, **options)
    return file.getvalue()
