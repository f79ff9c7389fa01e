"""Answers 答复: what waits to be told, and what a citizen's report has been answered with."""

from django.db.models import QuerySet

from cityops.accounts.models import User
from cityops.foundation.errors import NotThere
from grid.intake.models import Answer
from grid.models import Case


def visible_answers(user: User) -> QuerySet[Answer]:
    """The answers a person may see, newest first."""
    found: QuerySet[Answer] = Answer.objects.visible_to(user).select_related("case", "main")
    return found


def get_answer(user: User, pk: int) -> Answer:
    """One answer. Raises NotThere where the person may not see it."""
    found = visible_answers(user).filter(pk=pk).first()
    if found is None:
        raise NotThere
    return found


def public_answer(case: Case) -> str:
    """What the reporter of a case is told; "" while the matter has not ended. For the doors of the public."""
    return Answer.objects.filter(case=case).order_by("-made_at").values_list("text", flat=True).first() or ""
