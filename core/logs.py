"""Logs: structured, on stderr; people's data and secrets are never put into an event."""

from __future__ import annotations

import io
import logging
import re
import sys
from typing import Final, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer

TALKATIVE: Final = ("sqlalchemy.engine.Engine",)
"""Loggers that would write rows and parameters, so people's data, below warnings: they never do, whatever level is set
on them."""

# PostgreSQL repeats the whole row it refuses. The text ends at the statement, the next exception or the end.
_REPEATED_ROW: Final = re.compile(r"\bDETAIL:.*?(?=\n\[SQL|\n\(Background|\n\n|\Z)", re.DOTALL)


def without_rows(text: str) -> str:
    """The text of an error without what a database repeated of the row."""
    return _REPEATED_ROW.sub("DETAIL: (left out)", text)


def init_logs(log_format: str) -> None:
    """Configure structlog once for the process: `console` for people, `json` for machines."""
    # Local variables stay out of tracebacks: they may hold keys, passwords or customers' data.
    tail: list[structlog.types.Processor] = (
        [
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            _spare_rows,
            structlog.processors.JSONRenderer(),
        ]
        if log_format == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain_traceback)]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *tail,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for name in TALKATIVE:
        logging.getLogger(name).addFilter(_is_warning)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _plain_traceback(out: TextIO, exc_info: structlog.types.ExcInfo) -> None:
    whole = io.StringIO()
    structlog.dev.plain_traceback(whole, exc_info)
    out.write(without_rows(whole.getvalue()))


def _spare_rows(
    _logger: structlog.types.WrappedLogger, _name: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    """The same for exceptions that the rendering before has made into plain values."""
    if "exception" in event:
        event["exception"] = _spared(event["exception"])
    return event


def _spared(value: object) -> object:
    if isinstance(value, str):
        return without_rows(value)
    if isinstance(value, dict):
        return {key: _spared(inner) for key, inner in value.items()}
    return [_spared(inner) for inner in value] if isinstance(value, list) else value
