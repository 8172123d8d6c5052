"""Runs all benchmarks, or those named, each in a process of its own.

What one leaves behind, in memory above all, is no part of what the next one measures.
"""

import argparse
import os
import platform
import subprocess
import sys

import klaviyo_bulk_events

_ALL = (
    "speed",
    "journal",
    "queue",
    "memory",
    "startup",
    "limiter",
    "sharing",
    "accounts",
    "stream",
    "arrow",
    "scale",
)


def main() -> None:
    """Say what machine this is, then run them one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see whether they run")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_ALL))
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(_ALL):
        parser.error(f"there is no benchmark named {', '.join(sorted(unknown))}")
    print(
        f"klaviyo-bulk-events {klaviyo_bulk_events.__version__}, "
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores\n",
        flush=True,
    )
    quick = ["--quick"] if chosen.quick else []
    for name in chosen.names or _ALL:
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *quick], check=True)


if __name__ == "__main__":
    main()
