"""Cases 案件 with their steps, and what counts them."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.gis.db import models
from django.contrib.gis.db.models.functions import Transform
from django.contrib.postgres.indexes import GistIndex
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from cityops.foundation.constants import constants
from cityops.foundation.records import ExchangedRecord, append_only_triggers, mark_parent_trigger, mark_triggers
from cityops.regions.models import CGCS2000, WEB_MERCATOR
from grid.models.calendar import AreaClass, ClockSetting
from grid.models.case_queues import QUEUES
from grid.rules import FINAL_STAGES, OPEN_STAGES, Stage
from grid.rules.clock import Light, light_at

HANDLING_STATES = (Stage.DISPATCHED.value, Stage.HANDLING.value)
"""States in which the disposal deadline runs."""
CLOSING_STATES = (Stage.FEEDBACK.value, Stage.CHECKING.value, Stage.TO_CLOSE.value)
"""States in which the closing deadline runs, where the city's own stage deadline is not known."""


class CaseQuerySet(ScopedQuerySet):
    """Words to ask for cases."""

    organisation_field = "duty_org"

    def visible_to(self, user: Any) -> Self:
        """What a person may see; an assisting department sees the cases that it helps with."""
        seen: Self = super().visible_to(user)
        helped = assisted_by(user)
        if not helped:
            return seen
        return seen | self.filter(division_code__startswith=user.scope_prefix, pk__in=helped)

    def open(self) -> Self:
        """Cases that are not finished."""
        return self.filter(state__in=constants(OPEN_STAGES))

    def most_pressing_first(self) -> Self:
        """Least time left first, then the oldest report: the order that the indexes of the queues have."""
        return self.order_by(models.F("stage_due_at").asc(nulls_last=True), "reported_at", "rid")

    def overdue(self, at: datetime) -> Self:
        """Open cases whose close deadline passed before ``at``; paused ones have no light."""
        return self.open().filter(is_hung="0", close_deadline__lt=at)

    def with_light(self, at: datetime) -> Self:
        """Annotate ``light_now`` (a ``Light``), ``due_now`` and ``warn_now``: the same answer as ``Case.light``."""
        share = float(ClockSetting.yellow_share())
        natural = models.F("dispatched_at") + (models.F("due_now") - models.F("dispatched_at")) * share
        due = models.Case(
            models.When(stage_due_at__isnull=False, then="stage_due_at"),
            models.When(state__in=HANDLING_STATES, then="dispose_deadline"),
            models.When(state__in=CLOSING_STATES, then="close_deadline"),
        )
        paused = models.Q(is_hung="1") | models.Q(state=Stage.SUSPENDED)
        return (
            self.annotate(due_now=due)
            .annotate(warn_now=Coalesce("stage_warn_at", natural, output_field=models.DateTimeField()))
            .annotate(
                light_now=models.Case(
                    models.When(state__in=[stage.value for stage in FINAL_STAGES], then=models.Value(Light.NONE.value)),
                    models.When(paused, then=models.Value(Light.PAUSED.value)),
                    models.When(due_now__isnull=True, then=models.Value(Light.NONE.value)),
                    models.When(due_now__lt=at, then=models.Value(Light.RED.value)),
                    models.When(warn_now__lt=at, then=models.Value(Light.YELLOW.value)),
                    default=models.Value(Light.GREEN.value),
                    output_field=models.CharField(),
                )
            )
        )


class Case(ExchangedRecord):
    """案件 (GL01): a report on its way from reporting to checked closing."""

    class Kind(models.TextChoices):
        """部件/事项 (CL_KIND)."""

        COMPONENT = "1", _("部件")
        MATTER = "2", _("事项")

    class State(models.TextChoices):
        """案件状态 (CL_CASESTATE)."""

        REPORTED = Stage.REPORTED.value, _("已上报")
        VERIFYING = Stage.VERIFYING.value, _("核实中")
        ACCEPTED = Stage.ACCEPTED.value, _("待立案")
        REJECTED = Stage.REJECTED.value, _("不予立案")
        FILED = Stage.FILED.value, _("待派遣")
        RETURNED = Stage.RETURNED.value, _("回退待重派")
        DISPATCHED = Stage.DISPATCHED.value, _("待签收")
        HANDLING = Stage.HANDLING.value, _("处置中")
        SUSPENDED = Stage.SUSPENDED.value, _("挂账(缓办)")
        FEEDBACK = Stage.FEEDBACK.value, _("待核查")
        CHECKING = Stage.CHECKING.value, _("核查中")
        TO_CLOSE = Stage.TO_CLOSE.value, _("待结案")
        CLOSED = Stage.CLOSED.value, _("已结案")
        SELF_CLOSED = Stage.SELF_CLOSED.value, _("自行处置结案")
        VOIDED = Stage.VOIDED.value, _("作废")
        MERGED = Stage.MERGED.value, _("并案")

    class Source(models.TextChoices):
        """案件来源 (CL_CASESRC)."""

        COLLECTOR = "01", _("采集员上报")
        HOTLINE = "02", _("12345/12319 热线")
        PUBLIC = "03", _("公众 App/小程序/公众号")
        VIDEO = "04", _("视频智能识别")
        DEVICE = "05", _("物联网报警")
        LEADER = "06", _("领导批示")
        SUPERIOR = "07", _("上级督办")
        DEPARTMENT = "08", _("部门转办")
        MEDIA = "09", _("媒体舆情")
        PETITION = "10", _("信访")
        VOLUNTEER = "11", _("网格员/志愿者")
        CENSUS = "12", _("专项普查")
        OTHER = "99", _("其他")

    class ReporterType(models.TextChoices):
        """上报人类型 (CL_REPORTER)."""

        COLLECTOR = "1", _("采集员")
        PUBLIC = "2", _("公众")
        SYSTEM = "3", _("系统")
        DEPARTMENT = "4", _("部门")
        LEADER = "5", _("领导")

    class Urgency(models.TextChoices):
        """紧急程度 (CL_URGENCY)."""

        EXTREME = "1", _("特急")
        URGENT = "2", _("紧急")
        ORDINARY = "3", _("一般")

    class CloseType(models.TextChoices):
        """结案类型 (CL_CLOSETYPE)."""

        DISPOSED = "1", _("处置结案")
        SELF = "2", _("自行处置")
        FORCED = "3", _("强制结案(审批)")
        SUSPENDED = "4", _("挂账结案")

    case_no = models.CharField(_("案件号"), max_length=24, unique=True)
    task_no = models.CharField(_("任务号"), max_length=20, blank=True)
    kind = models.CharField(_("类别"), max_length=1, choices=Kind.choices)
    std_ref = models.CharField(_("分类标准版本"), max_length=20)
    matter_code = models.CharField(_("事项代码"), max_length=11, blank=True)
    class_code = models.CharField(_("分类代码"), max_length=5)
    matter_name = models.CharField(_("事项名称"), max_length=30)
    ext_class = models.CharField(_("市扩展小类"), max_length=5, blank=True)
    dept_code1 = models.CharField(_("主管部门代码"), max_length=18)
    dept_name1 = models.CharField(_("主管部门名称"), max_length=100)
    component_id = models.CharField(_("部件标识码"), max_length=17, blank=True)
    source = models.CharField(_("问题来源"), max_length=2, choices=Source.choices)
    source_no = models.CharField(_("来源单号"), max_length=40, blank=True)
    description = models.TextField(_("问题描述"))
    address = models.CharField(_("事发位置"), max_length=256)
    geom = models.PointField(_("坐标"), srid=CGCS2000, spatial_index=False)
    grid_code = models.CharField(_("所在单元网格标识码"), max_length=15, blank=True)
    division_code = models.CharField(_("社区代码"), max_length=12)
    reporter_type = models.CharField(_("上报人类型"), max_length=1, choices=ReporterType.choices)
    reporter_id = models.CharField(_("上报人标识"), max_length=64, blank=True)
    reported_at = models.DateTimeField(_("上报时间"))
    accepted_at = models.DateTimeField(_("受理时间"), null=True, blank=True)
    filed_at = models.DateTimeField(_("立案时间"), null=True, blank=True)
    rejected_at = models.DateTimeField(_("不予立案时间"), null=True, blank=True)
    reject_reason = models.CharField(_("不予立案原因"), max_length=2, blank=True)
    dispatched_at = models.DateTimeField(_("派遣时间"), null=True, blank=True)
    duty_org = models.CharField(_("处置责任单位"), max_length=18, blank=True)
    filing_condition = models.TextField(_("立案条件"), blank=True)
    deadline_class = models.CharField(_("时限类别"), max_length=1, blank=True)
    limit_value = models.DecimalField(_("处置时限"), max_digits=6, decimal_places=1, null=True, blank=True)
    limit_unit = models.CharField(_("时限单位"), max_length=12, blank=True)
    dispose_deadline = models.DateTimeField(_("处置截止"), null=True, blank=True)
    disposed_at = models.DateTimeField(_("处置完成时间"), null=True, blank=True)
    checked_at = models.DateTimeField(_("核查时间"), null=True, blank=True)
    close_deadline = models.DateTimeField(_("应结案时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("结案时间"), null=True, blank=True)
    close_type = models.CharField(_("结案类型"), max_length=1, choices=CloseType.choices, blank=True)
    state = models.CharField(_("案件状态"), max_length=2, choices=State.choices)
    rework_count = models.PositiveSmallIntegerField(_("返工次数"), default=0)
    return_count = models.PositiveSmallIntegerField(_("回退次数"), default=0)
    postpone_count = models.PositiveSmallIntegerField(_("延期次数"), default=0)
    is_hung = models.CharField(_("缓办(挂账)"), max_length=1, default="0")
    is_void = models.CharField(_("作废"), max_length=1, default="0")
    urgency = models.CharField(_("紧急程度"), max_length=1, choices=Urgency.choices, default=Urgency.ORDINARY)
    is_supervised = models.CharField(_("督办"), max_length=1, default="0")
    satisfaction = models.CharField(_("满意度"), max_length=1, blank=True)
    is_simulated = models.BooleanField(_("模拟数据"), default=False)
    stage_due_at = models.DateTimeField(_("本环节截止"), null=True, blank=True)
    """When the limit of the present stage is used up; counted by the owner, does not travel."""
    stage_warn_at = models.DateTimeField(_("本环节预警"), null=True, blank=True)
    """When the yellow share of it is used up."""
    pending = models.CharField(_("待审批"), max_length=10, blank=True, default="", db_default="")
    """Kind of the application that waits for a decision (``CaseApplication.Kind``); local, as all that follows."""
    workflow = models.CharField(_("流程版本"), max_length=40, blank=True, default="", db_default="")
    """The version of the loop it was filed under; before filing, the active one holds."""
    paused_at = models.DateTimeField(_("暂停计时"), null=True, blank=True)
    """Since when the disposal clock stands."""
    run_seconds = models.PositiveIntegerField(_("本次时限(秒)"), null=True, blank=True)
    """Length of the disposal limit of the present run, granted delays included."""
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("处置人"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    previous_round = models.UUIDField(_("上一轮"), null=True, blank=True)
    """The closed case that this one takes up again."""
    merged_into = models.UUIDField(_("主案件"), null=True, blank=True)
    district_code = models.CharField(_("区级办理"), max_length=6, blank=True, default="", db_default="")
    """The county whose centre handles it, where the loop has two levels."""
    checks_passed = models.PositiveSmallIntegerField(_("已通过核查"), default=0, db_default=0)
    appeal = models.CharField(_("超时申诉"), max_length=1, blank=True, default="", db_default="")
    """1 granted (the late handling is exempt in statistics, the fact stays), 0 refused, empty for none."""
    updated_at = models.DateTimeField(_("更新时间"), default=timezone.now)
    version = models.PositiveIntegerField(_("版本号"), default=1)
    geom_3857 = models.GeneratedField(
        expression=Transform("geom", WEB_MERCATOR),
        output_field=models.PointField(srid=WEB_MERCATOR),
        db_persist=True,
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("案件")
        verbose_name_plural = _("案件")
        ordering = ["-reported_at", "-rid"]
        indexes = [
            models.Index(fields=["division_code"], name="case_division_like", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["-reported_at", "-rid"], name="case_newest"),
            models.Index(fields=["grid_code", "-reported_at"], name="case_grid"),
            models.Index(fields=["class_code", "-reported_at", "-rid"], name="case_class"),
            models.Index(fields=["duty_org", "-reported_at", "-rid"], name="case_department"),
            models.Index(fields=["component_id"], name="case_component", condition=~models.Q(component_id="")),
            models.Index(fields=["source_no"], name="case_source_no", condition=~models.Q(source_no="")),
            GistIndex(fields=["geom_3857"], name="case_geom_3857"),
            models.Index(fields=["close_deadline"], name="case_close_deadline"),
            models.Index(fields=["filed_at"], name="case_filed"),
            models.Index(fields=["closed_at"], name="case_closed"),
            models.Index(fields=["updated_at"], name="case_updated"),
            models.Index(
                fields=["state", "close_deadline"],
                name="case_open",
                condition=models.Q(state__in=OPEN_STAGES),
            ),
            models.Index(fields=["pending", "reported_at"], name="case_pending", condition=~models.Q(pending="")),
            models.Index(
                fields=["merged_into"], name="case_merged_into", condition=models.Q(merged_into__isnull=False)
            ),
            models.Index(
                fields=["previous_round"], name="case_previous", condition=models.Q(previous_round__isnull=False)
            ),
            *QUEUES,
        ]
        triggers = mark_triggers("GL01")

    def __str__(self) -> str:
        return self.case_no

    @property
    def due_at(self) -> datetime | None:
        """When the present stage is due: by the city's own clock, or by the deadlines that travelled with the case."""
        if self.stage_due_at is not None:
            return self.stage_due_at
        if self.state in HANDLING_STATES:
            return self.dispose_deadline
        return self.close_deadline if self.state in CLOSING_STATES else None

    @property
    def warn_at(self) -> datetime | None:
        """When the light turns yellow: by the city's own clock, or by the yellow share of the time since dispatch."""
        if self.stage_warn_at is not None or self.due_at is None or self.dispatched_at is None:
            return self.stage_warn_at
        return self.dispatched_at + timedelta(
            seconds=(self.due_at - self.dispatched_at).total_seconds() * float(ClockSetting.yellow_share())
        )

    @property
    def street_code(self) -> str:
        """The nine digits of the street or town it lies in."""
        return self.division_code[:9]

    @property
    def is_paused(self) -> bool:
        """Whether no clock runs for now."""
        return self.is_hung == "1" or self.state == Stage.SUSPENDED

    @property
    def is_open(self) -> bool:
        """Whether the case is not finished."""
        return self.state in OPEN_STAGES

    @property
    def light(self) -> Light:
        """The light of this moment 灯号."""
        return light_at(
            timezone.now(),
            warn=self.warn_at,
            due=self.due_at,
            is_paused=self.is_paused,
            is_finished=not self.is_open,
        )


class CaseStep(models.Model):
    """案件流转: one step of a case, as the city recorded it; append-only, part of the case's record."""

    class Action(models.TextChoices):
        """动作 (CL_ACTION); from 26 on of this product's own design."""

        REPORT = "01", _("上报")
        SEND_VERIFY = "02", _("核实下发")
        VERIFY = "03", _("核实反馈")
        ACCEPT = "04", _("受理")
        FILE = "05", _("立案")
        REJECT = "06", _("不予立案")
        DISPATCH = "07", _("派遣")
        DISPATCH_AGAIN = "08", _("二次派遣")
        SIGN = "09", _("签收")
        FEED_BACK = "10", _("处置反馈")
        RETURN = "11", _("同意回退")
        APPLY_DELAY = "12", _("申请延期")
        APPROVE_DELAY = "13", _("批准延期")
        APPLY_SUSPENSION = "14", _("申请缓办")
        APPROVE_SUSPENSION = "15", _("批准缓办")
        RESUME = "16", _("恢复")
        SEND_CHECK = "17", _("核查下发")
        PASS_CHECK = "18", _("核查通过")
        REWORK = "19", _("返工")
        CLOSE = "20", _("结案")
        SUPERVISE = "21", _("督办")
        URGE = "22", _("催办")
        VOID = "23", _("作废")
        TRANSFER = "24", _("转办上级")
        SELF_HANDLE = "25", _("自行处置")
        VERIFY_FALSE = "26", _("核实不属实")
        MERGE = "27", _("并案")
        SEND_BACK = "28", _("回退受理")
        RETURN_TO_FILING = "29", _("回退立案")
        APPLY_VOID = "30", _("申请作废")
        REFUSE_VOID = "31", _("不同意作废")
        APPLY_RETURN = "32", _("申请回退")
        REFUSE_RETURN = "33", _("不同意回退")
        REFUSE_DELAY = "34", _("不同意延期")
        REFUSE_SUSPENSION = "35", _("不同意缓办")
        DESK_REWORK = "36", _("退回返工")
        RETURN_TO_CHECK = "37", _("退回核查")
        FORCE_CLOSE = "38", _("强制结案")
        ANSWER_SUPERVISION = "39", _("督办答复")
        APPEAL = "40", _("超时申诉")
        APPROVE_APPEAL = "41", _("同意申诉")
        REFUSE_APPEAL = "42", _("不同意申诉")
        ASSIGN_DISTRICT = "43", _("转派区级")
        REOPEN = "44", _("恢复办理")
        RETURN_VISIT = "45", _("回访")
        WITHDRAW = "46", _("撤回申请")
        CORRECT = "47", _("更正")

    case = models.ForeignKey(Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="steps")
    origin_code = models.CharField(_("归属节点"), max_length=14)
    seq = models.PositiveSmallIntegerField(_("步骤序号"))
    action = models.CharField(_("动作"), max_length=2, choices=Action.choices)
    from_state = models.CharField(_("原状态"), max_length=2, blank=True, choices=Case.State.choices)
    to_state = models.CharField(_("新状态"), max_length=2, choices=Case.State.choices)
    operator_role = models.CharField(_("操作角色"), max_length=2)
    operator_org = models.CharField(_("操作单位"), max_length=18, blank=True)
    operator_id = models.BigIntegerField(_("操作人"), null=True, blank=True)
    operated_at = models.DateTimeField(_("操作时间"))
    deadline = models.DateTimeField(_("本步时限"), null=True, blank=True)
    opinion = models.TextField(_("意见"), blank=True)

    class Meta:
        verbose_name = _("案件流转")
        verbose_name_plural = _("案件流转")
        ordering = ["case", "seq"]
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="case_step_once")]
        triggers = [
            *mark_parent_trigger("GL01", parent="case_id"),
            *append_only_triggers(parent="case_id", parent_table="grid_case"),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.get_action_display()}"


class CaseAssist(models.Model):
    """协办单位: a department that helps the main one; it sees the case, and the main one answers for it."""

    case = models.ForeignKey(Case, verbose_name=_("案件"), on_delete=models.CASCADE, related_name="assists")
    org_code = models.CharField(_("协办单位"), max_length=18, db_index=True)

    class Meta:
        verbose_name = _("协办单位")
        verbose_name_plural = _("协办单位")
        constraints = [models.UniqueConstraint(fields=["case", "org_code"], name="case_assist_once")]


def assisted_by(user: Any) -> list[uuid.UUID]:
    """The open cases that a person's department assists in; asked once per person object, empty for all others.

    They are named one by one, so that the index of the keys answers beside the one of the departments.
    """
    if not (getattr(user, "is_authenticated", False) and user.is_active and user.is_bound_to_organisation):
        return []
    known: list[uuid.UUID] | None = getattr(user, "_assisted_cases", None)
    if known is None:
        rows = CaseAssist.objects.filter(org_code__in=user.organisation_codes, case__state__in=OPEN_STAGES)
        known = user._assisted_cases = list(rows.values_list("case_id", flat=True))
    return known


class CaseNumber(models.Model):
    """案件号: the last number given per division and day; a number is never given twice."""

    division_code = models.CharField(max_length=6)
    day = models.DateField()
    last = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["division_code", "day"], name="case_number_once")]


class StageLimit(models.Model):
    """环节时限: how long a desk may take over a stage; a local decision (grid.md §4.4), editable.

    A row without a class of area holds for all classes that have none of their own.
    """

    stage = models.CharField(_("环节"), max_length=20)
    area_class = models.CharField(_("区域类别"), max_length=1, choices=AreaClass.choices, blank=True)
    value = models.DecimalField(_("时限"), max_digits=6, decimal_places=1)
    unit = models.CharField(_("单位"), max_length=12)

    class Meta:
        verbose_name = _("环节时限")
        verbose_name_plural = _("环节时限")
        constraints = [models.UniqueConstraint(fields=["stage", "area_class"], name="stage_limit_once")]

    def __str__(self) -> str:
        return f"{self.stage} {self.area_class}".strip()


class CaseDailyStatistic(ExchangedRecord):
    """案件日统计 (GL04): derived from the cases at every tier, sent as a check (quality rule Q4)."""

    division_code = models.CharField(_("区划"), max_length=12)
    stat_date = models.DateField(_("统计日"))
    kind = models.CharField(_("类别"), max_length=1, choices=Case.Kind.choices)
    report_num = models.PositiveIntegerField(_("上报数"))
    valid_report_num = models.PositiveIntegerField(_("有效上报数"))
    accept_num = models.PositiveIntegerField(_("受理数"))
    register_num = models.PositiveIntegerField(_("立案数"))
    dispatch_num = models.PositiveIntegerField(_("派遣数"))
    need_dispose_num = models.PositiveIntegerField(_("应处置数"))
    dispose_num = models.PositiveIntegerField(_("处置数"))
    intime_dispose_num = models.PositiveIntegerField(_("按期处置数"))
    overtime_to_dispose_num = models.PositiveIntegerField(_("超期未处置数"))
    need_close_num = models.PositiveIntegerField(_("应结案数"))
    close_num = models.PositiveIntegerField(_("结案数"))
    intime_close_num = models.PositiveIntegerField(_("按期结案数"))
    rework_num = models.PositiveIntegerField(_("返工数"))
    postpone_num = models.PositiveIntegerField(_("延期数"))
    hang_num = models.PositiveIntegerField(_("缓办数"))
    void_num = models.PositiveIntegerField(_("作废数"))

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("案件日统计")
        verbose_name_plural = _("案件日统计")
        ordering = ["-stat_date", "division_code", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["origin_code", "division_code", "stat_date", "kind"], name="case_daily_statistic_once"
            ),
        ]
        triggers = mark_triggers("GL04")
