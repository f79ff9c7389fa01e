"""What ends tile passes (signing out the session's own, a change of rights all), and what a recovery raises."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_out
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest
from guardian.models import UserObjectPermission

from cityops.accounts.models import Organisation, Role, User
from grid.services.numbers import raise_past
from grid.web import tile_pass
from sync.exchange.events import records_taken_back

HARMLESS = frozenset({"last_login", "language"})
"""Fields of a person that change nothing of what it may see."""


@receiver(user_logged_out, dispatch_uid="grid.tile_pass.signed_out")
def signed_out(request: HttpRequest, **_kwargs: Any) -> None:
    """End the pass of the session that ends."""
    session_key = request.session.session_key
    if session_key:
        tile_pass.end(session_key)


@receiver(records_taken_back, dispatch_uid="grid.cases.taken_back")
def taken_back(dataset: str, rids: list[UUID], **_kwargs: Any) -> None:
    """Never give a case number a second time."""
    if dataset == "GL01":
        raise_past(rids)


def rights_changed(update_fields: frozenset[str] | None = None, **_kwargs: Any) -> None:
    """End all passes once the change is there."""
    if update_fields is None or not update_fields <= HARMLESS:
        transaction.on_commit(tile_pass.begin_turn)


for changed in (User, Role, Organisation, UserObjectPermission):
    for signal in (post_save, post_delete):
        signal.connect(rights_changed, sender=changed, dispatch_uid=f"grid.tile_pass.{changed.__name__}")
for through in (User.groups.through, Group.permissions.through):
    m2m_changed.connect(rights_changed, sender=through, dispatch_uid=f"grid.tile_pass.{through.__name__}")
