"""How a person uses the desks: single keys on or off (WCAG 2.1.4)."""

from django.db import transaction

from cityops.accounts.models import User
from cityops.foundation import audit
from grid.desks.models import DeskHabit


def keys_are_off(user: User) -> bool:
    """Whether the person has turned single keys off."""
    return DeskHabit.objects.filter(user=user, keys_off=True).exists()


@transaction.atomic
def turn_keys(actor: User, *, off: bool) -> None:
    """Turn single keys off or on for oneself; it holds on every device."""
    DeskHabit.objects.update_or_create(user=actor, defaults={"keys_off": off})
    audit.record(
        "desk.turn_keys", kind="DeskHabit", key=actor.pk, division_code=actor.division_code, after={"keys_off": off}
    )
