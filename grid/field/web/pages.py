"""The page of the phone, and what makes it an app: manifest and service worker."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cityops.accounts.guards import person_of
from grid.field.selectors.tasks import tasks_for
from grid.field.web.words import words

SHELL_FILES = (
    "web/tokens.css",
    "web/favicon.svg",
    "web/lights.svg",
    "icons.svg",
    "field/field.css",
    "field/app.js",
    "field/db.js",
    "field/device.js",
    "field/parts.js",
    "field/queue.js",
    "field/report.js",
    "field/send.js",
    "field/tasks.js",
    "vendor/inter-latin-400-normal.woff2",
    "vendor/inter-latin-500-normal.woff2",
    "vendor/inter-latin-600-normal.woff2",
    "vendor/inter-latin-700-normal.woff2",
)
"""What the page needs without a network. Scripts import one another by their plain names, so those are kept too."""


@require_safe
def field(request: HttpRequest) -> HttpResponse:
    """The phone's page; without scripts it is a list of tasks and a way to the form of reports."""
    person = person_of(request)
    facts = {
        "tasks": tasks_for(person),
        "may_report": person.has_perm("grid.register_case"),
        "may_self_handle": person.has_perm("grid.self_handle"),
        "is_handler": person.has_perm("grid.handle_case"),
        "words": words(),
    }
    answer = render(request, "field/field.html", facts)
    answer["Cache-Control"] = "private, no-cache"
    return answer


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone asks for to put the page on its home screen; the same for everybody."""
    icon = {"src": static("web/favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
    body = {
        "id": reverse("field"),
        "name": _("城市运管服 现场"),
        "short_name": _("现场"),
        "lang": "zh-CN" if (get_language() or "").startswith("zh") else "en",
        "start_url": reverse("field"),
        "scope": reverse("field"),
        "display": "standalone",
        "orientation": "portrait",
        "background_color": "#f4f6f9",
        "theme_color": "#12263f",
        "icons": [icon, {**icon, "purpose": "maskable"}],
    }
    return JsonResponse(body, content_type="application/manifest+json")


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, below the phone's address so that its scope is the phone's; the same for everybody."""
    plain = [static(name) for name in SHELL_FILES]
    root = static("field/app.js").rsplit("/", 1)[0]
    modules = [f"{root}/{Path(name).name}" for name in SHELL_FILES if name.endswith(".js")]
    facts = {
        "version": _version(),
        "shell": reverse("field"),
        "files": json.dumps(list(dict.fromkeys([*plain, *modules]))),
    }
    answer = render(request, "field/worker.js", facts, content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "no-cache"
    return answer


@lru_cache(maxsize=1)
def _version() -> str:
    """Changes with any file of the page, so that a phone takes the new ones together."""
    digest = hashlib.sha256()
    for name in SHELL_FILES:
        found = finders.find(name)
        digest.update(name.encode() + b"\0" + (Path(str(found)).read_bytes() if found else b""))
    return digest.hexdigest()[:16]
