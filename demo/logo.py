"""The logo of the made-up company: a lamp, drawn here so that no picture of anybody's is needed."""

from __future__ import annotations

from io import BytesIO

from PIL import Image, ImageDraw

_SIZE = 1440
_NIGHT, _LAMP, _BRASS = "#12272b", "#f4c152", "#0b5c61"


def demo_logo() -> bytes:
    """A PNG as somebody would upload it: large, on a transparent ground."""
    drawn = Image.new("RGBA", (_SIZE, _SIZE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(drawn)
    pen.rounded_rectangle((40, 40, _SIZE - 40, _SIZE - 40), radius=300, fill=_BRASS)
    pen.polygon(((540, 330), (900, 330), (1110, 770), (330, 770)), fill=_LAMP)
    pen.rectangle((686, 770, 754, 1060), fill="white")
    pen.rounded_rectangle((500, 1050, 940, 1130), radius=40, fill="white")
    pen.ellipse((640, 700, 800, 860), fill=_NIGHT)
    file = BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()
