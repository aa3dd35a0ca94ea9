"""Logs: structured, on stderr; people's data and secrets are never put into an event."""

from __future__ import annotations

import logging
import sys

import structlog


def init_logs(log_format: str) -> None:
    """Configure structlog once for the process: `console` for people, `json` for machines."""
    last: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    tail = [structlog.processors.dict_tracebacks, last] if log_format == "json" else [last]
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
