"""The command `emulate`."""

from typing import Any

import click

from klaviyo_bulk_events.cli.grouped import GroupedCommand, grouped

_server = grouped("Server")
_behaviour = grouped("Behaviour")
_faults = grouped("Faults")


@click.command(cls=GroupedCommand)
@_server("--port", type=click.IntRange(0, 65535), default=8025, show_default=True, help="0: any.")
@_server("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@_server(
    "--allow-host",
    multiple=True,
    metavar="NAME",
    help="A further name in the Host header that is served; * is any. Repeatable.",
)
@_behaviour(
    "--rate",
    multiple=True,
    metavar="N/UNIT",
    help="Requests taken, like --rate 10/s --rate 150/m, which is Klaviyo's own.",
)
@_behaviour(
    "--repeats",
    type=click.Choice(("fail", "drop")),
    default="fail",
    show_default=True,
    help="An event that was there before fails its request, or is dropped from it.",
)
@_behaviour(
    "--name-all-faults/--name-first-fault",
    "all_faults",
    default=True,
    help="Whether a refusal names every fault or the first.  [default: all]",
)
@_behaviour(
    "--pointers",
    type=click.Choice(("exact", "event", "entry", "nothing")),
    default="exact",
    show_default=True,
    help="How far a refusal's pointers reach.",
)
@_behaviour("--api-key", metavar="KEY", help="The only key that is good; without it, any is.")
@_behaviour("--account-per-key", is_flag=True, help="Give every key rate limits of its own.")
@_behaviour(
    "--keep", type=click.IntRange(0), metavar="N", help="How many events and requests to remember."
)
@_faults(
    "--fault",
    multiple=True,
    metavar="NAME=PROBABILITY",
    help="A fault, and how often it comes: --fault html_503=0.1. Repeatable.",
)
@_faults("--list-faults", is_flag=True, help="Name the faults and exit.")
@_faults("--seed", type=int, metavar="N", help="Make phases and faults the same in every run.")
def emulate(**options: Any) -> None:
    r"""Run an emulator of Klaviyo's endpoint, to try things out against.

    It checks what comes as the endpoint does, keeps its rate limits, remembers what it took, and
    fails when told to. Ctrl-C ends it. At its address is a page that shows all this, live.

    Examples:
    In one terminal, and in another:
      klaviyo-bulk-events emulate --fault html_503=0.1 --fault lost_answer=0.05
      KLAVIYO_BASE_URL=http://127.0.0.1:8025 KLAVIYO_API_KEY=any \
        klaviyo-bulk-events send orders.jsonl --backfill

    What it has seen, and how to make it forget:
      curl http://127.0.0.1:8025/emulator/summary
      curl 'http://127.0.0.1:8025/emulator/events?limit=10'
      curl -X POST http://127.0.0.1:8025/emulator/reset

    """
    from klaviyo_bulk_events.cli.emulating import list_faults, run

    if options["list_faults"]:
        list_faults()
    else:
        run(options)
