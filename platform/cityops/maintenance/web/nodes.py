"""The register of nodes: list, one with its link, and the own one's description."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cityops.accounts.guards import person_of
from cityops.foundation.errors import NotThere
from cityops.maintenance.web.lists import Cell, ListPage
from cityops.maintenance.web.parts import Button, detail_page, form_page
from sync.exchange.models import Link
from sync.exchange.services.nodes import DESCRIPTIVE, change_own_node, states_of
from sync.standard.validation import find
from tiers.models import Node

YES_NO = (("", "—"), ("1", _("是")), ("0", _("否")))
HIDDEN = ("rid", "public_key")


class NodeList(ListPage):
    """平台节点."""

    title = pgettext_lazy("菜单", "平台节点")
    heads = (_("节点代码"), _("平台名称"), _("平台级别"), _("上级节点"), _("服务地址"), _("联网日期"), _("状态"))
    empty = _("本节点还没有登记;请运行 manage.py node_init。")

    def queryset(self, request: HttpRequest) -> QuerySet[Node]:
        """This node, and those in the person's division."""
        return Node.objects.visible_to(person_of(request))

    def cells(self, thing: Node) -> Iterable[Cell]:
        """One node."""
        return (
            Cell(thing.node_code, reverse("node-detail", args=[thing.node_code]), css="mono"),
            Cell(thing.platform_name),
            Cell(thing.get_tier_display()),
            Cell(thing.parent_code, css="mono"),
            Cell(thing.base_url),
            Cell(thing.joined_at.isoformat() if thing.joined_at else ""),
            Cell(thing.get_status_display()),
        )


class NodeForm(forms.ModelForm):
    """What people say of their node."""

    network = forms.ChoiceField(label=_("网络"))
    protect_level = forms.ChoiceField(label=_("等保级别"), choices=[(level, level) for level in ("2", "3")])
    crypto_assessed = forms.ChoiceField(label=_("密评通过"), choices=YES_NO, required=False)
    accepted_at = forms.DateField(
        label=_("验收日期"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    reason = forms.CharField(label=_("原因"), required=False, max_length=200, help_text=_("记入审计记录。"))

    class Meta:
        model = Node
        fields = DESCRIPTIVE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["network"].choices = _networks()  # type: ignore[attr-defined]
        allowed = {*states_of(self.instance), self.instance.status}
        self.fields["status"].choices = [pair for pair in Node.State.choices if pair[0] in allowed]  # type: ignore[attr-defined]


def _networks() -> list[tuple[str, str]]:
    """The codes of CL_NETWORK with their names."""
    _definition, catalogue = find("JC11")
    return list(catalogue.lists["CL_NETWORK"].items)


def node_detail(request: HttpRequest, node_code: str) -> HttpResponse:
    """One node: what the register says, and the link to it."""
    person = person_of(request)
    node = Node.objects.visible_to(person).filter(node_code=node_code).first()
    if node is None:
        raise NotThere
    facts = [(field.verbose_name, _shown(node, field.name)) for field in Node._meta.fields if field.name not in HIDDEN]
    link = Link.objects.visible_to(person).filter(peer_code=node_code).first()
    buttons = []
    if link is not None and person.has_perm("exchange.view_link"):
        facts.append((_("链路"), link.get_state_display()))
        buttons.append(Button(_("链路"), reverse("exchange-link", args=[node_code]), "arrows-exchange"))
    if node_code == settings.CITYOPS_NODE and person.has_perm("maintenance.change_node"):
        buttons.append(Button(_("修改"), reverse("node-edit"), "edit"))
    return detail_page(
        request,
        title=node.platform_name,
        back=reverse("node-list"),
        back_title=pgettext_lazy("菜单", "平台节点"),
        facts=facts,
        buttons=buttons,
    )


def _shown(node: Node, name: str) -> Any:
    value = getattr(node, name)
    if name == "network":
        return dict(_networks()).get(value, value)
    if name == "crypto_assessed":
        return dict(YES_NO).get(value, value)
    display = getattr(node, f"get_{name}_display", None)
    return display() if display else value


def node_edit(request: HttpRequest) -> HttpResponse:
    """Describe this node."""
    node = Node.objects.filter(node_code=settings.CITYOPS_NODE).first()
    if node is None:
        raise NotThere
    address = reverse("node-detail", args=[node.node_code])

    def save(values: dict[str, Any]) -> str:
        reason = values.pop("reason")
        change_own_node(person_of(request), values, reason=reason)
        return address

    return form_page(
        request,
        NodeForm(request.POST or None, instance=node),
        title=_("修改本节点登记"),
        submit=_("保存"),
        back=address,
        back_title=node.platform_name,
        save=save,
    )
