"""Runs of a campaign, each in a folder that is kept where it failed."""

import gc
import shutil
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from chaos import options
from chaos.faults import Kind, RunFailedError
from chaos.figures import Result
from chaos.plan import plan
from chaos.run import Run
from klaviyo_bulk_events.emulator import running


def attempt(seed: int, events: int, *, journal: bool) -> Result:
    """Carry out the run of a seed."""
    made = plan(seed, events, journal=journal)
    folder = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
    begun = time.monotonic()
    gc.disable()  # an emulator holds much and frees little: looking through it costs a third more
    with running(options.settings(made)) as emulator:
        run = Run(made, folder, emulator)
        failure, wrong = _failure(run)
    gc.enable()
    if failure is None:
        shutil.rmtree(folder)
    else:
        failure = f"{made}\n{failure}\nThe files are in {folder}"
    return Result(
        seed=seed,
        events=events,
        seconds=time.monotonic() - begun,
        generating=run.generating,
        comparing=run.comparing,
        held=len(run.held.requests),
        refused=len(run.refused),
        requests=run.caller.seen,
        calls=run.caller.calls,
        killed=run.caller.killed,
        interrupted=run.caller.interrupted,
        late=run.caller.late,
        faults=Counter(emulator.emulator.summary()["faults"]),
        wrong=wrong,
        failure=failure,
    )


def _failure(run: Run) -> tuple[str | None, Counter[Kind]]:
    try:
        run.carry_out()
    except RunFailedError as failed:
        return str(failed), Counter(wrong.kind for wrong in failed.wrong)
    except Exception:  # a run that breaks the campaign itself must not end the others
        return traceback.format_exc(), Counter([Kind.OTHER])
    return None, Counter()
