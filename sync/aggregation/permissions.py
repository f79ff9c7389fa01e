"""Who may do what with the quality of data."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

READERS = ("data_officer", "leader", "supervisor", "evaluation_manager", "analyst", "system_admin")

PERMISSIONS: tuple[Permission, ...] = (
    Permission("aggregation.view_quality", _("查看数据汇聚"), READERS),
    Permission("aggregation.export_quality", _("导出数据质量和应报清单"), ("data_officer", "supervisor", "analyst")),
    Permission("aggregation.run_quality", _("发起质量检查"), ("data_officer", "supervisor", "system_admin")),
    Permission("aggregation.change_rule", _("修改质量规则"), ("data_officer",)),
    Permission("aggregation.change_plan", _("修改数据集订阅和频次"), ("data_officer",)),
    Permission("aggregation.change_mapping", _("修改编码映射"), ("data_officer",)),
    Permission("aggregation.close_issue", _("关闭和退回质量问题单"), ("data_officer", "supervisor")),
    Permission("aggregation.answer_issue", _("答复质量问题单"), ("data_officer",)),
    Permission("aggregation.return_records", _("取回本市数据"), ("data_officer",)),
)
