"""The company's logo on pages that members see: the settings, and documents as they are printed."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from core.database import db
from core.files import StoredFile
from core.web.rights import Right, requires
from invoicing.errors import NotFoundError
from invoicing.logo import LARGEST_LOGO_BYTES, logo_answer

blueprint = Blueprint("logos", __name__, url_prefix="/logo")
PICTURES = ("image/png", "image/jpeg")


@blueprint.get("/<sha256>")
@requires(Right.READ)
def show(sha256: str) -> ResponseReturnValue:
    """A logo that the company has or had: documents keep the one they were issued with."""
    # Pictures that go along with documents may be far larger, and are no logos.
    is_logo = StoredFile.media_type.in_(PICTURES), StoredFile.size_bytes <= LARGEST_LOGO_BYTES
    if db.session.scalar(select(StoredFile.id).where(StoredFile.sha256 == sha256, *is_logo)) is None:
        raise NotFoundError
    return logo_answer(sha256)
