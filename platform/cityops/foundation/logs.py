"""Logs as JSON lines, one event a line, tied to the request and to the node."""

import logging

import structlog
from django.conf import settings

from cityops.foundation.context import current_actor


def _where(_logger: object, _name: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    actor = current_actor()
    event["node"] = settings.CITYOPS_NODE
    event["tier"] = settings.CITYOPS_TIER
    if actor.request_id:
        event["request_id"] = actor.request_id
    if actor.user_id:
        event["user_id"] = actor.user_id
    return event


def json_formatter() -> logging.Formatter:
    """The formatter for every handler."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,  # reads the record that the next line takes away
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.TimeStamper(fmt="iso", utc=False),
            _where,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
