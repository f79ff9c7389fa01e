"""A log line is JSON whoever wrote it: our own code, Django, Celery."""

import json
import logging

import structlog

from cityops.foundation.logs import json_formatter


def test_a_record_of_the_standard_library_becomes_one_json_line():
    record = logging.LogRecord("celery.beat", logging.WARNING, __file__, 1, "beat: %s", ("Starting...",), None)
    line = json_formatter().format(record)
    written = json.loads(line)
    assert written["event"] == "beat: Starting..."
    assert (written["level"], written["logger"]) == ("warning", "celery.beat")
    assert written["tier"] == "municipal"


def test_an_error_carries_its_trace():
    try:
        raise ValueError("no such grid")
    except ValueError as error:
        record = logging.LogRecord("grid", logging.ERROR, __file__, 1, "failed", (), (type(error), error, None))
    assert "no such grid" in json.loads(json_formatter().format(record))["exception"]


def test_a_structlog_event_keeps_its_facts():
    logger = structlog.wrap_logger(
        logging.getLogger("cityops.test"),
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    seen = []
    handler = logging.Handler()
    handler.emit = lambda record: seen.append(json_formatter().format(record))
    logging.getLogger("cityops.test").addHandler(handler)
    try:
        logger.error("case filed", case="330106-1")
    finally:
        logging.getLogger("cityops.test").removeHandler(handler)
    assert json.loads(seen[0])["case"] == "330106-1"
