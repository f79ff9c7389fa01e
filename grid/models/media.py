"""Photos 案件附件 (GL03): evidence of a case; the pictures themselves never leave the city."""

import uuid

from django.conf import settings
from django.contrib.gis.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cityops.accounts.models import User
from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.records import mark_through_triggers
from cityops.regions.models import CGCS2000
from grid.models.cases import Case


class CaseMediaQuerySet(ScopedQuerySet):
    """Words to ask for photos: whoever sees the case sees them; before they belong to one, who took them."""

    division_field = "case__division_code"
    organisation_field = "case__duty_org"

    def loose(self, user: User) -> "CaseMediaQuerySet":
        """Photos of a person that belong to no case yet."""
        return self.filter(case__isnull=True, uploaded_by=user)


class CaseMedia(models.Model):
    """案件附件 (GL03): one photo, re-encoded; time and place are what the device claimed."""

    class Usage(models.TextChoices):
        """What the photo is evidence of (domain notes §4.3)."""

        REPORT = "report", _("上报")
        VERIFY = "verify", _("核实")
        HANDLE = "handle", _("处置后")
        CHECK = "check", _("核查")
        SELF_BEFORE = "self_before", _("自处置前")
        SELF_AFTER = "self_after", _("自处置后")
        OTHER = "other", _("其他")

    class MediaType(models.TextChoices):
        """媒体类型 (CL_MEDIA)."""

        PHOTO = "1", _("照片")

    media_id = models.UUIDField(_("附件标识"), primary_key=True, default=uuid.uuid4)
    """Given by the client: sent again it is the same photo."""
    case = models.ForeignKey(
        Case, verbose_name=_("案件"), null=True, blank=True, on_delete=models.CASCADE, related_name="media"
    )
    step_seq = models.PositiveSmallIntegerField(_("步骤序号"), null=True, blank=True)
    """The step it was given with."""
    stage = models.CharField(_("环节"), max_length=2, blank=True)
    """CL_STAGE."""
    usage = models.CharField(_("用途"), max_length=12, choices=Usage.choices)
    media_type = models.CharField(_("类型"), max_length=1, choices=MediaType.choices, default=MediaType.PHOTO)
    taken_at = models.DateTimeField(_("拍摄时间"))
    geom = models.PointField(_("拍摄坐标"), srid=CGCS2000, null=True, blank=True)
    distance_m = models.DecimalField(_("与案件坐标距离(米)"), max_digits=10, decimal_places=1, null=True, blank=True)
    sha256 = models.CharField(_("内容哈希"), max_length=64)
    phash = models.CharField(_("感知哈希"), max_length=16, blank=True)
    device_id = models.CharField(_("终端编号"), max_length=40, blank=True)
    is_masked = models.BooleanField(_("已脱敏"), default=False)
    file = models.CharField(_("文件"), max_length=80, blank=True)
    """Path below the media folder; empty where the picture is not kept here."""
    width = models.PositiveIntegerField(_("宽"), default=0)
    height = models.PositiveIntegerField(_("高"), default=0)
    size = models.PositiveIntegerField(_("大小(字节)"), default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("上传人"), null=True, on_delete=models.SET_NULL, related_name="+"
    )
    uploaded_at = models.DateTimeField(_("上传时间"))

    objects = CaseMediaQuerySet.as_manager()

    class Meta:
        verbose_name = _("案件附件")
        verbose_name_plural = _("案件附件")
        ordering = ["taken_at", "media_id"]
        indexes = [
            models.Index(fields=["phash"], name="case_media_phash", condition=~Q(phash="")),
            models.Index(fields=["sha256"], name="case_media_sha256"),
            models.Index(fields=["uploaded_by", "uploaded_at"], name="case_media_loose", condition=Q(case=None)),
        ]
        constraints = [models.UniqueConstraint(fields=["case", "media_id"], name="case_media_of_case")]
        triggers = mark_through_triggers("GL01", parent="case_id", parent_table="grid_case")
