"""What places send upward: JC09 as the catalogue has it, to the province and no further.

The catalogue calls the dataset 市内 and names it among what a province reads for its reports; places hold no person.
Sources, validity, ties between places and the keys of searches stay in the city.
"""

from cityops.foundation import mending
from cityops.foundation.records import Flow, RecordKind, Scope, registry
from grid.places.models import Place

PLACE = registry.register(
    RecordKind(
        dataset="JC09",
        model=Place,
        flow=Flow.UP,
        scope=Scope.PROVINCE,
        fields={
            name: name
            for name in (
                "place_id",
                "place_name",
                "place_type",
                "std_address",
                "alias",
                "geom",
                "grid_code",
                "division_code",
                "valid",
            )
        },
        checks=(
            (
                "place_in_community",
                "left(grid_code, 12) <> division_code",
                "division_code is the community of the grid, the first 12 digits of its code.",
            ),
        ),
    )
)

mending.register("JC09", "place-edit", "place_id", permission="places.change_place")
