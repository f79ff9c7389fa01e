"""What the platform sends upward about organisations (JC02). Who answers the phone there stays in the city."""

from cityops.accounts.models import Organisation
from cityops.foundation import mending
from cityops.foundation.records import RecordKind, registry

ORGANISATION = registry.register(
    RecordKind(
        dataset="JC02",
        model=Organisation,
        fields={
            name: name
            for name in (
                "org_code",
                "name",
                "short_name",
                "org_type",
                "division_code",
                "parent_code",
                "industry",
                "duty_scope",
                "status",
            )
        },
        local=("contact", "phone"),
        checks=(
            ("own_parent", "parent_code = org_code", "An organisation cannot stand above itself: mend parent_code."),
        ),
    )
)

mending.register("JC02", "organisation-edit", "org_code", permission="accounts.change_organisation")
