"""The command line."""

import sys


def main() -> None:
    """Run the command line; without its extra, say how to get it."""
    try:
        import click  # noqa: F401 - only to see whether it is there
        import rich  # noqa: F401 - the same
    except ImportError:
        sys.stderr.write(
            "the command line needs an extra: pip install 'klaviyo-bulk-events[cli]'\n"
        )
        sys.exit(2)
    from klaviyo_bulk_events.cli.main import cli

    cli()


if __name__ == "__main__":
    main()
