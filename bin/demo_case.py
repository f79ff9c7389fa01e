"""Report one case at a municipal instance, as its supervisor does, and say it as JSON; for ``bin/demo --check``."""

import json

import django


def main() -> None:
    """Report a matter in the first unit grid of this city."""
    django.setup()
    from cityops.accounts.models import User  # noqa: PLC0415 (models are there after setup)
    from cityops.foundation.context import Actor, acting  # noqa: PLC0415
    from grid.models import Case, UnitGrid  # noqa: PLC0415
    from grid.services.cases import Report, register  # noqa: PLC0415

    person = User.objects.get(username="jianguan")
    point = UnitGrid.objects.in_force().earliest("grid_code").geom.point_on_surface
    known = Case.objects.filter(kind=Case.Kind.MATTER).earliest("case_no")
    report = Report(
        class_code=known.class_code,
        std_ref=known.std_ref,
        longitude=point.x,
        latitude=point.y,
        description="演示检查:由市上行至国家的案件",
        address=known.address or "演示地址",
    )
    with acting(Actor(user_id=person.pk, name=person.get_username(), channel="command")):
        case = register(person, report, is_simulated=True)
    print(json.dumps({"rid": str(case.rid), "case_no": case.case_no, "table": Case._meta.db_table}))


if __name__ == "__main__":
    main()
