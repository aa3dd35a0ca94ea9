"""Turns whatever picture a person uploads into a company's logo: small, on white, without anything but its pixels.

The bytes come from outside and are decoded by Pillow: only three formats are tried, the size is read from the head of
the file before any pixel is, and what is kept is drawn anew, so that neither metadata nor a second format hidden in
the file goes on to customers. Called by `store_logo`, which alone imports it: Pillow takes its time to load.
"""

from __future__ import annotations

from io import BytesIO
from typing import Final

import structlog
from flask_babel import lazy_gettext as _l
from PIL import Image, ImageChops, ImageCms, ImageFile, ImageOps

from invoicing.errors import InvalidInputError, Message
from invoicing.logo import MOST_BYTES, LogoPicture

log = structlog.get_logger(__name__)

FORMATS: Final = ("PNG", "JPEG", "WEBP")
MOST_PIXELS: Final = 16_000_000
"""A picture of 16 million pixels takes 64 MB while it is drawn anew."""
BOX: Final = (720, 360)
"""Pixels of the stored logo at most: 300 to the inch at the width a document gives it."""

# Small enough to work on, large enough for a logo in the middle of a wide white margin to stay sharp.
_BENCH: Final = (2000, 2000)
_LARGEST_PNG: Final = 80_000
_JPEG_QUALITY: Final = 90
# Grey level (0 black, 255 white) from which on nothing can be told from the paper.
_PAPER: Final = 235


def logo_picture(content: bytes) -> LogoPicture:
    """Draw an uploaded picture anew as a logo.

    Args:
        content: the file as it came.

    Raises:
        InvalidInputError: on `logo`, with what to do about it.
    """
    if not content:
        raise _refused(_l("This file is empty. Choose another one."))
    if len(content) > MOST_BYTES:
        raise _refused(
            _l(
                "This file is too large: a logo may take %(most)d MB. Save it smaller.",
                most=MOST_BYTES // 2**20,
            )
        )
    try:
        return _encoded(_trimmed(_on_white(_opened(content))))
    except InvalidInputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:
        # Whatever a decoder raises on the bytes of a stranger says one thing: it is no picture we can read.
        log.info("logo_not_readable", error_type=type(error).__name__)
        message = _l(
            "This is no PNG, JPEG or WebP picture that can be read. Save your logo in one of these formats."
        )
        raise _refused(message) from error


def _opened(content: bytes) -> Image.Image:
    # WeasyPrint makes Pillow take files that end too early, for the whole process: half a logo is none.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    picture = Image.open(BytesIO(content), formats=FORMATS)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise _too_many_pixels()
    # The decoder of JPEG itself makes a photograph smaller, at a fraction of the time and memory.
    picture.draft("RGB", _BENCH)
    picture.load()
    return ImageOps.exif_transpose(picture)


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture as it looks on paper, in sRGB."""
    coloured = _in_srgb(picture)
    if coloured.mode.startswith("I"):
        coloured = coloured.point(lambda level: level * (1 / 256)).convert("L")  # 16 bits of grey
    coloured = coloured.convert("RGBA" if coloured.has_transparency_data else "RGB")
    coloured.thumbnail(_BENCH, Image.Resampling.LANCZOS)
    if coloured.mode == "RGB":
        return coloured
    paper = Image.new("RGBA", coloured.size, "white")
    return Image.alpha_composite(paper, coloured).convert("RGB")


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The colours a screen shows; a picture made for presses (CMYK) comes with the profile that says which they are."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "RGBA", "CMYK"):
        return picture
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        shown = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # a damaged profile: the plain conversion is near enough
    return shown or picture


def _trimmed(picture: Image.Image) -> Image.Image:
    """Without the white around it, so that the logo stands in line with the text below it, and no larger than the box.

    Raises:
        InvalidInputError: nothing is left: white on white.
    """
    darkness = ImageChops.invert(picture).convert("L")
    edges = darkness.point([255 if level > 255 - _PAPER else 0 for level in range(256)]).getbbox()
    if edges is None:
        raise _refused(
            _l(
                "Nothing of this picture would be seen on white paper. Choose the version of your logo for light paper."
            )
        )
    logo = picture.crop(edges)
    logo.thumbnail(BOX, Image.Resampling.LANCZOS)
    return logo


def _encoded(picture: Image.Image) -> LogoPicture:
    """As PNG, which keeps lines and letters sharp; as JPEG what is a photograph, or it would weigh on every mail."""
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)  # pixels alone: what else the file said stays behind
    png, jpeg = BytesIO(), BytesIO()
    bare.save(png, "PNG", optimize=True)
    if png.tell() > _LARGEST_PNG:
        bare.save(jpeg, "JPEG", quality=_JPEG_QUALITY, subsampling=0, optimize=True)
    if 0 < jpeg.tell() < png.tell():
        return LogoPicture(jpeg.getvalue(), "image/jpeg")
    return LogoPicture(png.getvalue(), "image/png")


def _too_many_pixels() -> InvalidInputError:
    most = MOST_PIXELS // 10**6
    return _refused(
        _l(
            "This picture has more than %(most)d million pixels. Make it smaller: 720 by 360 are enough.",
            most=most,
        )
    )


def _refused(message: Message) -> InvalidInputError:
    return InvalidInputError({"logo": message})
