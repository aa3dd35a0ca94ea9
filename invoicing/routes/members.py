"""Members of the company: who they are, what they may do; adding, changing, removing."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_security import current_user

from core.database import transaction
from core.mail import queue_mail
from core.members import add_member, allow_cards, change_role, members_of_company, remove_member
from core.models import Role, User
from core.web.context import ROLE_NAMES
from core.web.forms import put_errors
from core.web.rights import RIGHTS, Right, requires
from core.web.sign_in import password_link
from invoicing.errors import InvalidInputError
from invoicing.forms.settings import MemberForm, RoleForm
from invoicing.input_checks import FieldErrors

blueprint = Blueprint("members", __name__, url_prefix="/settings/members")
LONGEST_NAME = 120


@blueprint.route("", methods=["GET", "POST"])
@requires(Right.SETTINGS)
def index() -> ResponseReturnValue:
    """The list, and the form that adds somebody."""
    form = MemberForm()
    if form.validate_on_submit() and _added(form):
        return redirect(url_for("members.index"), code=303)
    return render_template(
        "invoicing/settings_members.html",
        form=form,
        members=members_of_company(),
        role_names=ROLE_NAMES,
        with_cards={role for role, rights in RIGHTS.items() if Right.CARDS in rights},
    )


def _added(form: MemberForm) -> bool:
    errors = FieldErrors()
    email = errors.email("email", form.email.data or "")
    name = errors.text("name", form.name.data or "", LONGEST_NAME)
    company_name, language, actor = g.company.name, get_locale().language, current_user.id
    try:
        errors.raise_if_any()
        with transaction():
            user, is_new = add_member(
                email, name=name, role=Role(form.role.data), language=language, actor_id=actor
            )
            if is_new:
                _invite(user, company_name)
    except InvalidInputError as error:
        put_errors(form, error.errors)
        return False
    flash(gettext("%(email)s is a member now.", email=email), "success")
    return True


def _invite(user: User, company_name: str) -> None:
    """Tell a new person that she may come in; the link lets her set her own password."""
    queue_mail(
        to=[user.email],
        subject=gettext("Your access to %(company)s on Solde", company=company_name),
        text=render_template("email/invitation/body.txt", company=company_name, address=password_link(user)),
    )


@blueprint.post("/<int:membership_id>/role")
@requires(Right.SETTINGS)
def role(membership_id: int) -> ResponseReturnValue:
    """Give a member another role."""
    form, actor, seen = RoleForm(), current_user.id, request.form.get("seen")
    if form.validate_on_submit():
        with transaction():
            change_role(membership_id, Role(form.role.data), seen=seen, actor_id=actor)
        flash(gettext("The role is changed."), "success")
    else:
        flash(gettext("Choose one of the roles."), "danger")
    return redirect(url_for("members.index"), code=303)


@blueprint.post("/<int:membership_id>/cards")
@requires(Right.SETTINGS)
def cards(membership_id: int) -> ResponseReturnValue:
    """Let a member use card payments, or not."""
    allowed, actor, seen = request.form.get("allowed") == "yes", current_user.id, request.form.get("seen")
    with transaction():
        allow_cards(membership_id, allowed, seen=seen, actor_id=actor)
    if allowed:
        flash(gettext("This member may use card payments."), "success")
    else:
        flash(gettext("This member may no longer use card payments."), "success")
    return redirect(url_for("members.index"), code=303)


@blueprint.post("/<int:membership_id>/remove")
@requires(Right.SETTINGS)
def remove(membership_id: int) -> ResponseReturnValue:
    """End a membership."""
    actor = current_user.id
    with transaction():
        remove_member(membership_id, actor_id=actor)
    flash(gettext("The member is removed."), "success")
    return redirect(url_for("members.index"), code=303)
