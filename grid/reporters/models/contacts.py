"""需要联系: what a department wants to have asked or told, instead of the number."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from grid.models import Case
from grid.reporters.models.reporters import OfCaseQuerySet


class ContactRequestQuerySet(OfCaseQuerySet):
    """Words to ask for requests."""

    def waiting(self) -> "ContactRequestQuerySet":
        """Those that nobody has answered."""
        return self.filter(answered_at__isnull=True)


class ContactRequest(models.Model):
    """联系请求: acceptance or the hotline calls, and writes what came of it; the asking unit never gets the number."""

    case = models.ForeignKey(Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="contact_requests")
    question = models.CharField(_("需要联系的事项"), max_length=300)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("申请人"), on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("申请时间"), default=timezone.now)
    answer = models.CharField(_("联系结果"), max_length=500, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("联系人"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)

    objects = ContactRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("联系请求")
        verbose_name_plural = _("联系请求")
        ordering = ["-asked_at", "-id"]
        indexes = [
            models.Index(fields=["asked_at"], name="contact_waiting", condition=models.Q(answered_at__isnull=True))
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.asked_at:%F %T}"
