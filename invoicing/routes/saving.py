"""Save what a form says; called by the pages of the settings, whose verbs refuse in the same ways."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, request
from flask_babel import gettext
from flask_wtf import FlaskForm

from core.database import commit_once
from core.errors import OutdatedError
from core.web.forms import put_errors, tell_outdated
from invoicing.errors import InvalidInputError


def save_form(form: FlaskForm, save: Callable[[], object], *, said: str = "") -> bool:
    """Run a verb in a transaction of its own; what it refuses stands beside the fields.

    Args:
        form: what was typed; it has a `version` when the verb can find it outdated.
        save: the verb with its arguments.
        said: what is shown once it is done; by default that the settings are saved.

    Returns:
        False when something is to be mended in the form.
    """
    try:
        # Two that save what the company had not chosen yet insert its one row at once.
        commit_once(save)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    except OutdatedError as error:
        tell_outdated(form, form.version, error, request.path)
        return False
    flash(said or gettext("The settings are saved."), "success")
    return True
