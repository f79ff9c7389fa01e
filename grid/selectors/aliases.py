"""Former codes 曾用编码: what a code of another standard leads to. A present code wins over a former one."""

from django.db.models import Q

from grid.models import CodeAlias, Component

MATTER_DIGITS = frozenset({10, 11})
COMPONENT_DIGITS = frozenset({16, 17})
Kind = CodeAlias.Kind


def component_by_code(code: str) -> Q:
    """The component with this id, now or formerly, as a condition on ``Component``."""
    subjects = CodeAlias.objects.filter(kind=Kind.COMPONENT, old=code)
    if Component.objects.filter(obj_id=code).exists():
        return Q(obj_id=code)
    return Q(rid__in=subjects.values("subject"))


def component_from(beginning: str) -> Q:
    """Components whose id, or a former one, begins with these digits, as a condition on ``Component``."""
    subjects = CodeAlias.objects.filter(kind=Kind.COMPONENT, old__startswith=beginning)
    return Q(obj_id__startswith=beginning) | Q(rid__in=subjects.values("subject"))


def current_ids(code: str) -> list[str]:
    """The present id of a component that had this code; the code itself where nothing else is known of it."""
    if not code or Component.objects.filter(obj_id=code).exists():
        return [code]
    subjects = CodeAlias.objects.filter(kind=Kind.COMPONENT, old=code).values("subject")
    return list(Component.objects.filter(rid__in=subjects).values_list("obj_id", flat=True)) or [code]


def all_ids(component: Component) -> list[str]:
    """The present id of a component and all former ones, the present one first."""
    former = CodeAlias.objects.filter(kind=Kind.COMPONENT, subject=component.rid).order_by("-id")
    return list(dict.fromkeys([component.obj_id, *former.values_list("old", flat=True)]))


def former_codes(component: Component) -> list[CodeAlias]:
    """What a component was called before, the latest first, without its present id."""
    found = CodeAlias.objects.filter(kind=Kind.COMPONENT, subject=component.rid).exclude(old=component.obj_id)
    return list({alias.old: alias for alias in found.select_related("run").order_by("id")}.values())[::-1]


def same_class(code: str, kind: str = "") -> list[tuple[str, str, str]]:
    """(Kind, standard, class code) of the classes that a class was converted from or into."""
    rows = CodeAlias.objects.filter(Q(old=code) | Q(new=code), kind=Kind.CLASS)
    if kind:
        rows = rows.filter(class_kind=kind)
    found = set()
    for row in rows:
        if row.old == code:
            found.add((row.class_kind, row.new_std_ref, row.new))
        else:
            found.add((row.class_kind, row.std_ref, row.old))
    return sorted(found)


def case_by_code(code: str) -> Q | None:
    """Cases about the component with this id or of this matter code, by either standard, as a condition on ``Case``;
    None for what is no such code."""
    if len(code) in COMPONENT_DIGITS:
        ids = {code}
        for component in Component.objects.filter(component_by_code(code)).only("rid", "obj_id"):
            ids.update(all_ids(component))
        return Q(component_id__in=ids)
    if len(code) not in MATTER_DIGITS:
        return None
    rows = CodeAlias.objects.filter(Q(old=code) | Q(new=code), kind__in=(Kind.MATTER, Kind.CASE))
    codes = {code, *(other for row in rows for other in (row.old, row.new))}
    return Q(matter_code__in=codes, class_code__in={other[6:] for other in codes})
