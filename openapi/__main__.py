"""The pipeline's command line, for the sessions `generate` and `drift` of the noxfile."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from openapi.checkout import Checkout
from openapi.drift import drift
from openapi.errors import GenerationError
from openapi.regenerate import regenerate

_ROOT = Path(__file__).parent.parent


def main(arguments: Sequence[str] | None = None, root: Path = _ROOT) -> int:
    """Return 1 if there is drift or an error, each said in words."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.command(Checkout(root), chosen))
    except (GenerationError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m openapi", description=__doc__)
    commands = parser.add_subparsers(required=True)
    taking = commands.add_parser("generate", help="make generated/ anew")
    taking.add_argument("new_spec", nargs="?", type=Path, help="a new revision to take in")
    taking.set_defaults(command=_generate)
    checking = commands.add_parser("drift", help="fail if generated/ is not what openapi/ makes")
    checking.set_defaults(command=_drift)
    return parser


def _generate(checkout: Checkout, chosen: argparse.Namespace) -> int:
    received = chosen.new_spec.read_bytes() if chosen.new_spec else None
    changed = regenerate(checkout, received)
    if received is not None:
        lines = [str(change) for change in changed] or ["nothing changed for a sender"]
        sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _drift(checkout: Checkout, chosen: argparse.Namespace) -> int:
    faults = drift(checkout)
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
