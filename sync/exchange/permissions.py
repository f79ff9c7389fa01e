"""What one may do with the exchange."""

from django.utils.translation import gettext_lazy as _

from cityops.accounts.permissions import Permission

READERS = ("data_officer", "leader", "supervisor", "evaluation_manager", "analyst", "system_admin", "security_admin")

PERMISSIONS: tuple[Permission, ...] = (
    Permission("exchange.view_link", _("查看数据交换"), READERS),
    Permission("exchange.compare_link", _("发起对账"), ("data_officer", "supervisor", "system_admin")),
    Permission("exchange.retry_parked", _("重试暂存记录"), ("data_officer", "supervisor", "system_admin")),
    Permission("exchange.decide_conflict", _("裁定版本冲突"), ("data_officer", "system_admin")),
    Permission("exchange.acknowledge_alarm", _("确认交换告警"), ("data_officer", "supervisor", "system_admin")),
    Permission("exchange.push_records", _("报送记录"), ("data_officer", "system_admin")),
    Permission("exchange.erase_record", _("擦除记录"), ("data_officer",)),
    Permission("exchange.thaw_link", _("恢复冻结的链路"), ("system_admin",)),
    Permission("exchange.suspend_link", _("暂停链路"), ("system_admin",)),
    Permission("exchange.retire_link", _("停用链路"), ("security_admin",)),
    Permission("exchange.make_code", _("发放接入码"), ("system_admin",)),
    Permission("exchange.rotate_key", _("轮换本节点密钥"), ("system_admin",)),
    Permission("exchange.approve_key", _("批准密钥"), ("security_admin",)),
    Permission("exchange.revoke_key", _("吊销密钥"), ("security_admin",)),
    Permission("exchange.approve_join", _("批准节点接入"), ("security_admin",)),
)
