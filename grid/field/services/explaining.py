"""Say why an action of a phone was not done: what was refused, what the case is now, where its photos are."""

from django.utils import timezone
from django.utils.translation import gettext as _

from cityops.foundation.errors import CityOpsError, NotThere, Refused
from grid.field.models import FieldAction
from grid.field.rules.envelopes import ON_THE_STREET, REPORTS, Since, moved_on
from grid.field.services.reading import Envelope
from grid.models import Case
from grid.rules.transitions import MOVES, Action

ANSWERS_OF_TASKS = frozenset(action.value for action in ON_THE_STREET)


class Overtaken(Refused):
    """The case went on, or the task was given to another, while the action waited on the phone."""

    code = "overtaken"


def is_conflict(envelope: Envelope, refusal: CityOpsError, case: Case | None) -> bool:
    """Whether an action was right when it was made and has been overtaken since.

    ``case`` is the case as the person sees it now, None where it is not the person's any more.
    """
    if envelope.kind in REPORTS:
        return False
    if isinstance(refusal, Overtaken | NotThere):
        return True
    if not isinstance(refusal, Refused) or case is None:
        return False
    return case.state not in MOVES[Action(envelope.kind)].from_stages or _others_moved(envelope, case)


def _others_moved(envelope: Envelope, case: Case) -> bool:
    if envelope.seen_step is None:
        return False
    steps = case.steps.filter(seq__gt=envelope.seen_step).values_list("operator_id", "from_state", "to_state")
    return moved_on((Since(*row) for row in steps), by=0)


def words(envelope: Envelope, refusal: CityOpsError, case: Case | None, *, with_the_case: bool) -> str:
    """The refusal in words: what, why, what the case is now, and where the photos are."""
    label = FieldAction.Kind(envelope.kind).label
    said = [_("“%(what)s”没有办成:%(why)s") % {"what": label, "why": refusal.detail}]
    if case is not None:
        said.append(_state_of(case))
    if envelope.media:
        said.append(_photos(envelope, with_the_case=with_the_case))
    return " ".join(said)


def _state_of(case: Case) -> str:
    last = case.steps.order_by("-seq").first()
    if last is None:
        return _("案件现为“%s”。") % case.get_state_display()
    return _("案件现为“%(state)s”,最近一步是 %(at)s 的“%(action)s”。") % {
        "state": case.get_state_display(),
        "at": f"{timezone.localtime(last.operated_at):%m-%d %H:%M}",
        "action": last.get_action_display(),
    }


def _photos(envelope: Envelope, *, with_the_case: bool) -> str:
    if with_the_case:
        return _("照片 %s 张已附入案件(其他)。") % len(envelope.media)
    return _("照片 %s 张保留在这条操作记录里。") % len(envelope.media)
