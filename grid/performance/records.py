"""What performance sends upward: results of areas, departments and posts (GL05). A person's are never recorded."""

from cityops.foundation import derived
from cityops.foundation.records import RecordKind, registry
from grid.performance.models import PerformanceResult
from grid.performance.selectors.derived import unlike_results

NAMES = (
    "period",
    "period_code",
    "target_type",
    "target_code",
    "metrics",
    "score",
    "grade",
    "formula_version",
    "computed_at",
)

PERFORMANCE_RESULT = registry.register(
    RecordKind(
        dataset="GL05",
        model=PerformanceResult,
        is_open=False,
        fields={name: name for name in NAMES},
        division_field="",
        checks=(
            ("score_between", "score < 0 OR score > 100", "A score lies between 0 and 100."),
            (
                "no_person",
                "target_type NOT IN ('1', '2', '3')",
                "Only areas, departments and posts are evaluated and sent.",
            ),
            (
                "period_form",
                "period_code !~ '^[0-9]{4}(Q[1-4]|[0-9]{2})?$'",
                "A period is YYYY, YYYYQn or YYYYMM.",
            ),
        ),
    )
)
derived.register_judge("GL05", unlike_results)
