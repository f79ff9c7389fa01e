"""App configuration."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from grid.duty.rules.ground import EvaluationCode


class DutyConfig(AppConfig):
    """值守排班."""

    name = "grid.duty"
    verbose_name = _("值守排班")

    def ready(self) -> None:
        """Say a wrong rule of codes at the start; give tasks, see visits, take part in the simulated city."""
        from grid import events  # noqa: PLC0415
        from grid.duty import receivers  # noqa: PLC0415
        from grid.duty.services.choosing import assign_task  # noqa: PLC0415
        from grid.duty.services.simulating import simulate_duty  # noqa: PLC0415
        from grid.services.case_tasks import ASSIGNERS  # noqa: PLC0415
        from grid.services.simulator.extras import EXTRAS  # noqa: PLC0415

        try:
            EvaluationCode.from_text(settings.CITYOPS_EVALUATION_GRID_CODE)
        except ValueError as error:
            raise ImproperlyConfigured(f"CITYOPS_EVALUATION_GRID_CODE: {error}") from error
        EXTRAS.append(simulate_duty)
        ASSIGNERS.append(assign_task)
        for signal in (events.case_registered, events.case_moved):
            signal.connect(receivers.case_stepped, dispatch_uid="grid.duty.case_stepped")
