"""What happens to requests, as log records with fields; never a body or a key."""

import logging
from typing import Any

from klaviyo_bulk_events.answers import Answer
from klaviyo_bulk_events.steps import Answered, Notice, Paused, Retrying, Settled

LOGGER = logging.getLogger("klaviyo_bulk_events")


def log(notice: Notice) -> None:
    """Log a notice; its fields are attributes of the record that begin with `klaviyo_`."""
    level = _level(notice)
    if LOGGER.isEnabledFor(level):
        fields = _fields(notice)
        text = ", ".join(f"{name} {value}" for name, value in fields.items())
        extra = {f"klaviyo_{name}": value for name, value in fields.items()}
        LOGGER.log(level, "%s: %s", type(notice).__name__.lower(), text, extra=extra)


def _level(notice: Notice) -> int:
    if isinstance(notice, Paused):
        return logging.WARNING
    if isinstance(notice, Retrying):
        return logging.INFO
    if isinstance(notice, Answered):
        accepted = isinstance(notice.reply, Answer) and notice.reply.status == 202
        return logging.DEBUG if accepted else logging.INFO
    return logging.DEBUG


def _fields(notice: Notice) -> dict[str, Any]:
    if isinstance(notice, Settled):
        return {status.value: count for status, count in notice.counts.items()}
    fields = notice._asdict()
    if "reply" in fields:
        fields["reply"] = str(fields["reply"])
    return fields
