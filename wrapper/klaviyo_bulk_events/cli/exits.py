"""What the command line's exit codes mean."""

from enum import IntEnum

from klaviyo_bulk_events.report import Report


class Exit(IntEnum):
    """0 all accepted or duplicate; 1 some rejected; 2 wrong usage or configuration; 3 run again."""

    DELIVERED = 0
    REJECTED = 1
    WRONG = 2
    RUN_AGAIN = 3
    INTERRUPTED = 130


def exit_of(report: Report) -> Exit:
    """The exit code of a run that neither the user nor a refused key ended."""
    if report.unknown or report.unsent or report.stopped is not None:
        return Exit.RUN_AGAIN
    return Exit.REJECTED if report.rejected else Exit.DELIVERED
