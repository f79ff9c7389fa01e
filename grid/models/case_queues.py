"""Indexes of the queues at the desks: each holds open cases only, in the order in which a queue shows them."""

from django.db import models

from grid.rules.stages import OPEN_STAGES

ORDER = ("stage_due_at", "reported_at", "rid")
IS_OPEN = models.Q(state__in=OPEN_STAGES)
QUEUES = (
    models.Index(fields=["state", *ORDER], name="case_queue", condition=IS_OPEN),
    models.Index(fields=[*ORDER], name="case_queue_late", condition=IS_OPEN),
    models.Index(fields=["duty_org", "state", "stage_due_at"], name="case_queue_org", condition=IS_OPEN),
    models.Index(fields=[*ORDER], name="case_queue_supervised", condition=IS_OPEN & models.Q(is_supervised="1")),
    models.Index(fields=["pending", *ORDER], name="case_queue_pending", condition=~models.Q(pending="")),
)
