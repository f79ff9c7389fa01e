"""The filters of a case list, the same for page, API and export."""

from datetime import datetime, timedelta
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.foundation.constants import constants
from grid.models import Case
from grid.models.cases import CaseQuerySet
from grid.rules.stages import FINAL_STAGES
from grid.selectors import lights
from grid.selectors.aliases import case_by_code, same_class
from grid.selectors.moves import stages_waiting_for

CLASS_DIGITS = 5
SITUATIONS = (
    ("open", _("未完结")),
    ("overdue", _("已过结案期限")),
    ("finished", _("已完结")),
    ("unplaced", _("不在任何网格")),
)
SITUATION_HELP = (
    "open: not finished; overdue: open and past the deadline for closing (not the same as a red light, which is about "
    "the limit of the present stage); finished: closed, rejected or void; unplaced: in no unit grid"
)
WAITING_HELP = "true: only cases that the caller could move on now"
DIVISION_HELP = "Division code; everything under it counts"
LIGHT_HELP = "Light of the limit that runs now: red where the present stage's has passed, though closing may not be due"


class CaseFilter(django_filters.FilterSet):
    """``CaseFilter(data, queryset, request=request)``: ``.form`` for a page, ``.qs`` for the cases, newest first."""

    q = django_filters.CharFilter(
        method="by_text",
        label=_("案件号、描述或位置"),
        help_text="Beginning of the case number (6 digits and more), or words of description, address or matter",
    )
    state = django_filters.MultipleChoiceFilter(choices=Case.State.choices, label=_("案件状态"))
    situation = django_filters.ChoiceFilter(
        choices=SITUATIONS, method="by_situation", label=_("办理情况"), help_text=SITUATION_HELP
    )
    light = django_filters.ChoiceFilter(
        choices=lights.CHOICES, method="by_light", label=_("灯号"), help_text=LIGHT_HELP
    )
    kind = django_filters.ChoiceFilter(choices=Case.Kind.choices, label=_("类别"))
    class_code = django_filters.CharFilter(method="by_class", label=_("分类代码"))
    source = django_filters.ChoiceFilter(choices=Case.Source.choices, label=_("问题来源"))
    urgency = django_filters.ChoiceFilter(choices=Case.Urgency.choices, label=_("紧急程度"))
    division = django_filters.CharFilter(method="by_division", label=_("区划"), help_text=DIVISION_HELP)
    grid_code = django_filters.CharFilter(label=_("单元网格"))
    duty_org = django_filters.CharFilter(label=_("处置责任单位"))
    reported_from = django_filters.DateFilter(method="by_first_day", label=_("上报日期从"))
    reported_to = django_filters.DateFilter(method="by_last_day", label=_("上报日期到"))
    filed_from = django_filters.DateFilter(method="by_first_day", label=_("立案日期从"))
    filed_to = django_filters.DateFilter(method="by_last_day", label=_("立案日期到"))
    waiting = django_filters.BooleanFilter(method="by_waiting", label=_("等我办理"), help_text=WAITING_HELP)
    updated_since = django_filters.IsoDateTimeFilter(field_name="updated_at", lookup_expr="gte", label=_("更新时间从"))

    class Meta:
        model = Case
        fields: list[str] = []

    def by_text(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """A case number (from its beginning), a component id or matter code by either standard, or words of
        description, address or name of the matter."""
        text = value.strip()
        if text.isascii() and text.isdigit() and len(text) >= 6:
            found = Q(case_no__startswith=text) | Q(source_no=text)
            of_code = case_by_code(text)
            return queryset.filter(found if of_code is None else found | of_code)
        for word in text.split()[:4]:
            queryset = queryset.filter(
                Q(description__icontains=word)
                | Q(address__icontains=word)
                | Q(matter_name__icontains=word)
                | Q(source_no=word)
            )
        return queryset

    def by_class(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """A class, also under the standard that it was converted from or into, or all of a major class by the
        beginning of the code."""
        code = value.strip()
        found = Q(**{"class_code" if len(code) == CLASS_DIGITS else "class_code__startswith": code})
        for kind, standard, other in same_class(code):
            found |= Q(kind=kind, std_ref=standard, class_code=other)
        return queryset.filter(found)

    def by_situation(self, queryset: CaseQuerySet, _name: str, value: str) -> QuerySet[Any]:
        """Open, overdue, finished, or in no unit grid."""
        if value == "open":
            return queryset.open()
        if value == "overdue":
            return queryset.overdue(timezone.now())
        if value == "unplaced":
            return queryset.filter(grid_code="")
        return queryset.filter(state__in=[stage.value for stage in FINAL_STAGES])

    def by_light(self, queryset: CaseQuerySet, _name: str, value: str) -> QuerySet[Any]:
        """Cases that show this light now; only open ones have one."""
        return queryset.open().with_light(timezone.now()).filter(light_now=value)

    def by_division(self, queryset: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        """A division and all under it; the zeros at the end of a code of 12 digits may be left out."""
        return queryset.filter(division_code__startswith=_prefix(value.strip()))

    @property
    def person(self) -> Any:
        """Who asks; None where nobody is known."""
        return getattr(self.request, "user", None)

    def by_first_day(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Reported (or filed) on this day or later, in the city's time."""
        return queryset.filter(**{f"{_moment_of(name)}__gte": _midnight(value)})

    def by_last_day(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """Reported (or filed) on this day or earlier, in the city's time."""
        return queryset.filter(**{f"{_moment_of(name)}__lt": _midnight(value + timedelta(days=1))})

    def by_waiting(self, queryset: QuerySet[Any], _name: str, value: bool) -> QuerySet[Any]:
        """Cases standing where this person may do something next."""
        person = self.person
        if not value or person is None:
            return queryset
        found = queryset.filter(state__in=constants(stages_waiting_for(person)))
        return found.workable_by(person) if person.has_grants else found  # type: ignore[attr-defined]


def _prefix(code: str) -> str:
    """The digits that count of a division code: 2, 4, 6, 9 or 12 by the zeros that follow."""
    for digits in (2, 4, 6, 9):
        if not code[digits:].strip("0"):
            return code[:digits] if code.strip("0") else ""
    return code


def _moment_of(name: str) -> str:
    """The field that a filter of days is about: ``filed_from`` → ``filed_at``."""
    return f"{name.rpartition('_')[0]}_at"


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))
