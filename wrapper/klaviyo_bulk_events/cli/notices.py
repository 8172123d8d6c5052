"""Notices as lines for `--verbose`."""

from klaviyo_bulk_events.steps import Answered, Notice, Paused, Retrying, Settled


def told(notice: Notice) -> str:
    """The notice in a line, without anything of an event."""
    if isinstance(notice, Answered):
        return (
            f"attempt {notice.attempt}, {notice.events:,} events, {notice.bytes:,} bytes: "
            f"{notice.reply}"
        )
    if isinstance(notice, Retrying):
        return f"retrying in {notice.seconds:.1f} s after attempt {notice.attempt}: {notice.reply}"
    if isinstance(notice, Paused):
        return f"throttled: the account pauses for {notice.seconds:.1f} s"
    if isinstance(notice, Settled):
        return ", ".join(f"{count:,} {status}" for status, count in notice.counts.items())
    return f"waiting {notice.seconds:.2f} s for the rate limit"
