"""Deadlines that were counted anew 重算 because the calendar changed while they ran."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from grid.models.cases import Case


class DeadlineRecount(models.Model):
    """时限重算: one deadline of a case that a change of the calendar moved; kept in the city."""

    class Field(models.TextChoices):
        """Which deadline."""

        STAGE = "stage_due_at", _("本环节截止")
        DISPOSAL = "dispose_deadline", _("处置截止")
        CLOSE = "close_deadline", _("应结案时间")

    case = models.ForeignKey(Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="recounts")
    field = models.CharField(_("时限"), max_length=20, choices=Field.choices)
    old = models.DateTimeField(_("原截止"))
    new = models.DateTimeField(_("新截止"))
    because = models.CharField(_("原因"), max_length=200)
    recounted_at = models.DateTimeField(_("重算时间"))

    class Meta:
        verbose_name = _("时限重算")
        verbose_name_plural = _("时限重算")
        ordering = ["case", "id"]

    def __str__(self) -> str:
        return f"{self.field} {self.old:%F %H:%M} → {self.new:%F %H:%M}"
