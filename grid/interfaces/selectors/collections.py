"""The collections of OGC API Features: which records, which of their fields, what they may be narrowed by."""

from dataclasses import dataclass
from typing import Any

from django.db.models import DateField, F, Field, QuerySet
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cityops.accounts.scoping import ScopedQuerySet
from grid.models import Case, Component, UnitGrid


@dataclass(frozen=True)
class Collection:
    """One collection: ``key`` is the unique column that is the feature's id and the order of the pages."""

    id: str
    title: str | Promise
    description: str | Promise
    model: Any
    permission: str
    key: str
    fields: tuple[str, ...]
    """Columns that are properties; nothing of a person is among them."""
    filters: tuple[str, ...]
    """Properties that may be given as a parameter, compared for equality."""
    moment: Any
    """The expression that ``datetime`` is compared with."""
    moment_title: str | Promise
    has_days: bool = False
    """Whether ``datetime`` is compared with days, not with moments."""
    geometry_type: str = ""
    """The GeoJSON type of every geometry; empty where they differ."""

    def rows(self, user: Any) -> QuerySet[Any]:
        """The records this person may see, unordered."""
        manager: ScopedQuerySet = self.model.objects
        found: QuerySet[Any] = manager.visible_to(user).order_by()
        return found

    def column(self, name: str) -> "Field[Any, Any]":
        """The column behind a property."""
        found: Field[Any, Any] = self.model._meta.get_field(name)
        return found


_CHANGED = Coalesce("change_date", "init_date", output_field=DateField())
COLLECTIONS: tuple[Collection, ...] = (
    Collection(
        id="unit-grids",
        title=_("单元网格"),
        description=_("单元网格 (GB/T 47678.3):编码、所属社区、面积和边界。"),
        model=UnitGrid,
        permission="grid.view_unitgrid",
        key="grid_code",
        fields=(
            "grid_code",
            "name",
            "division_code",
            "area_m2",
            "boundary_desc",
            "is_paved",
            "init_date",
            "change_date",
            "status",
        ),
        filters=("grid_code", "name", "division_code", "is_paved", "status"),
        moment=_CHANGED,
        moment_title=_("变更日期;没有变更的为初始日期"),
        has_days=True,
        geometry_type="Polygon",
    ),
    Collection(
        id="components",
        title=_("管理部件"),
        description=_("管理部件 (GB/T 47678.5):标识码、分类、状态、主管部门、所在网格和位置。"),
        model=Component,
        permission="grid.view_component",
        key="obj_id",
        fields=(
            "obj_id",
            "obj_name",
            "class_code",
            "std_ref",
            "state",
            "dept_code1",
            "dept_name1",
            "dept_code2",
            "dept_name2",
            "dept_code3",
            "dept_name3",
            "grid_code",
            "division_code",
            "street_name",
            "community_name",
            "init_date",
            "change_date",
            "data_source",
            "precision_class",
        ),
        filters=(
            "obj_id",
            "obj_name",
            "class_code",
            "std_ref",
            "state",
            "dept_code1",
            "dept_code2",
            "dept_code3",
            "grid_code",
            "division_code",
        ),
        moment=_CHANGED,
        moment_title=_("变更日期;没有变更的为初始日期"),
        has_days=True,
    ),
    Collection(
        id="cases",
        title=_("案件"),
        description=_("案件 (数据集 GL01):案件号、分类、状态、责任单位、各环节时间和位置;不含上报人和问题描述。"),
        model=Case,
        permission="grid.view_case",
        key="case_no",
        fields=(
            "case_no",
            "kind",
            "class_code",
            "std_ref",
            "matter_name",
            "source",
            "state",
            "urgency",
            "address",
            "grid_code",
            "division_code",
            "component_id",
            "duty_org",
            "reported_at",
            "filed_at",
            "dispatched_at",
            "dispose_deadline",
            "disposed_at",
            "close_deadline",
            "closed_at",
            "rework_count",
            "is_supervised",
            "updated_at",
        ),
        filters=(
            "case_no",
            "kind",
            "class_code",
            "source",
            "state",
            "urgency",
            "grid_code",
            "division_code",
            "component_id",
            "duty_org",
            "is_supervised",
        ),
        moment=F("reported_at"),
        moment_title=_("上报时间"),
        geometry_type="Point",
    ),
)
BY_ID = {collection.id: collection for collection in COLLECTIONS}
JSON_TYPES: dict[str, dict[str, str]] = {
    "DateField": {"type": "string", "format": "date"},
    "DateTimeField": {"type": "string", "format": "date-time"},
    "DecimalField": {"type": "number"},
    "PositiveSmallIntegerField": {"type": "integer"},
}


def json_type(column: "Field[Any, Any]") -> dict[str, str]:
    """The JSON schema of a property."""
    return JSON_TYPES.get(column.__class__.__name__, {"type": "string"})


def open_to(user: Any) -> list[Collection]:
    """The collections whose permission a person holds."""
    return [collection for collection in COLLECTIONS if user.has_perm(collection.permission)]
