"""Cases that belong to a case: what it was joined with, and the rounds before and after it."""

from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from cityops.accounts.models import User
from grid.models import Case


class Relation(StrEnum):
    """What another case is to this one."""

    MAIN = "main"
    """主案件: this one was joined with it."""
    JOINED = "joined"
    """并案: it was joined with this one."""
    PREVIOUS = "previous"
    """上一轮: the round before, whose matter came back."""
    NEXT = "next"
    """下一轮: the round after."""


@dataclass(frozen=True)
class RelatedCase:
    """Another case and what it is to this one."""

    relation: Relation
    case: Case


def related_cases(user: User, case: Case) -> list[RelatedCase]:
    """The related cases that the person may see, main case and earlier round first; one query."""
    named = {case.merged_into: Relation.MAIN, case.previous_round: Relation.PREVIOUS}
    asked = Q(pk__in=[pk for pk in named if pk]) | Q(merged_into=case.pk) | Q(previous_round=case.pk)
    order = list(Relation)
    found = [
        RelatedCase(named.get(other.pk) or (Relation.JOINED if other.merged_into == case.pk else Relation.NEXT), other)
        for other in Case.objects.visible_to(user).filter(asked).order_by("reported_at", "rid")
    ]
    return sorted(found, key=lambda one: order.index(one.relation))
