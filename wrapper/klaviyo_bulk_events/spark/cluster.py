"""Whether a cluster can send: nothing that runs tasks twice, and on workers what is needed here."""

import platform
import sys
from typing import Any, Final

from klaviyo_bulk_events.errors import ConfigurationError
from klaviyo_bulk_events.version import __version__

_ASKED: Final = 2
"""Tasks that say what their worker has."""
_CORES_UNKNOWN: Final = 2


def check_cluster(spark: Any, ledger: str) -> None:
    """Raises ConfigurationError, before anything is counted or sent."""
    if spark.conf.get("spark.speculation", "false").lower() == "true":
        raise ConfigurationError(
            "spark.speculation is on: of two attempts at a task both send, and the loser goes on "
            "after it has lost. Set it to false for this application"
        )
    master = spark.conf.get("spark.master", "")
    local = not master or master.startswith("local")
    if ledger.startswith("sqlite:") and not local:
        raise ConfigurationError(
            f"a ledger in SQLite is for the processes of one host, and the master is {master}: "
            "use redis://HOST, or file:FOLDER on a file system that all machines see"
        )
    if ledger.startswith("file:") and not ledger.startswith("file:/") and not local:
        raise ConfigurationError(
            f"{ledger} is another folder for every worker: give file: the whole path, on a file "
            "system that all machines see"
        )
    _check_workers(spark)


def cores(spark: Any) -> int:
    """How many tasks can run at a time, if that is known here."""
    context = _context(spark)
    return _CORES_UNKNOWN if context is None else int(context.defaultParallelism)


def _context(spark: Any) -> Any:
    """None for a client of Spark Connect, which has no context."""
    try:
        return spark.sparkContext
    except Exception:  # PySpark's, of a kind that has changed
        return None


def _check_workers(spark: Any) -> None:
    """Ask some workers what they have. They take whatever `python3` is on their PATH."""
    context = _context(spark)
    if context is None:
        return
    try:
        found = context.parallelize(range(_ASKED), _ASKED).map(_versions).collect()
    except Exception as error:  # PySpark's, and of many kinds
        raise ConfigurationError(_why(str(error))) from error
    for python, package, executable in found:
        if python != _python() or package != __version__:
            raise ConfigurationError(
                f"the driver has Python {_python()} and klaviyo-bulk-events {__version__}, a "
                f"worker Python {python} and {package} ({executable}): set PYSPARK_PYTHON to the "
                "same environment everywhere"
            )


def _why(said: str) -> str:
    here = f"the driver runs Python {_python()} with klaviyo-bulk-events {__version__}"
    mend = "Set PYSPARK_PYTHON to an environment that all machines have, with the same versions"
    if "PYTHON_VERSION_MISMATCH" in said:
        return f"workers run another version of Python: {here}. {mend}"
    if "No module named" in said:
        missing = said.partition("No module named ")[2].split("\n")[0].strip()
        return f"workers have no module {missing}: {here}. {mend}"
    return f"the workers could not be asked what they have: {here}; Spark says why above"


def _versions(_: int) -> tuple[str, str, str]:
    """Runs on a worker."""
    import pyarrow as _arrow  # noqa: F401 - which has to be there, too

    return _python(), __version__, sys.executable


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])
