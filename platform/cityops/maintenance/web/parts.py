"""What the pages of this system share: a form that calls a service, and the blocks of a detail page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cityops.foundation.errors import CityOpsError
from cityops.maintenance.web.lists import Cell

Text = str | Promise


@dataclass(frozen=True)
class Button:
    """A link in the head of a detail page."""

    title: Text
    url: str
    icon: str


@dataclass(frozen=True)
class Block:
    """A table below the facts of a detail page."""

    title: Text
    heads: tuple[Text, ...] = ()
    rows: list[list[Cell]] = field(default_factory=list)
    empty: Text = ""


def form_page(
    request: HttpRequest,
    form: forms.BaseForm,
    *,
    title: Text,
    submit: Text,
    back: str,
    save: Callable[[dict[str, Any]], str],
    back_title: Text = "",
    note: Text = "",
    done: Text = "",
) -> HttpResponse:
    """Show a form; on POST call ``save`` with the clean values and go where it says.

    What the service refuses stands at its field, or above the form; nothing was changed then.
    """
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                target = save(form.cleaned_data)
            except CityOpsError as error:
                status = error.status
                _show(form, error)
            else:
                messages.success(request, str(done or _("已保存。")))
                return redirect(target)
    facts = {"form": form, "title": title, "submit": submit, "back": back, "back_title": back_title, "note": note}
    return render(request, "maintenance/form.html", facts, status=status)


def _show(form: forms.BaseForm, error: CityOpsError) -> None:
    """Put a refusal where it belongs."""
    told = error.facts.get("errors", [])
    placed = [entry for entry in told if entry["field"] in form.fields]
    for entry in placed:
        form.add_error(entry["field"], entry["detail"])
    if not placed:
        form.add_error(None, error.detail)


def detail_page(
    request: HttpRequest,
    *,
    title: Text,
    back: str,
    back_title: Text,
    facts: Sequence[tuple[Text, Any]],
    buttons: list[Button] | None = None,
    blocks: list[Block] | None = None,
    secret: str = "",
) -> HttpResponse:
    """The facts of one thing, and tables of what belongs to it."""
    shown = {
        "title": title,
        "back": back,
        "back_title": back_title,
        "facts": facts,
        "buttons": buttons or [],
        "blocks": blocks or [],
        "secret": secret,
    }
    return render(request, "maintenance/detail.html", shown)
