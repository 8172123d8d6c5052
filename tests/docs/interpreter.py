"""Runs the Python of a page, block by block, in a process of its own.

Reads a line of JSON with the code and where it stands, writes one with what it printed and how it
failed.
"""

import contextlib
import io
import json
import sys
import traceback


def main() -> None:
    """Serve until the input ends."""
    namespace = {"__name__": "__main__"}
    answers = sys.stdout
    for line in sys.stdin:
        asked = json.loads(line)
        printed, failure = io.StringIO(), None
        with contextlib.redirect_stdout(printed):
            try:
                exec(
                    compile("\n" * (asked["line"] - 1) + asked["code"], asked["page"], "exec"),
                    namespace,
                )
            except BaseException:
                failure = traceback.format_exc()
        print(json.dumps([printed.getvalue(), failure]), file=answers, flush=True)


main()
