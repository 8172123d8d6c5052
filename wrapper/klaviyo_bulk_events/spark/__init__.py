"""Spark: a DataFrame in, a report of every account out; also the format "klaviyo".

The interface is in this module; docs/spark.md says what happens on which failure.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from klaviyo_bulk_events.errors import ConfigurationError

try:
    import pyarrow as _
except ImportError:
    raise ConfigurationError(
        "sending from Spark needs pyarrow, on the driver and on every worker: "
        "pip install 'klaviyo-bulk-events[spark]'"
    ) from None
try:
    import pyspark.sql.datasource as _  # noqa: F401 - only to see whether it is there
except ImportError:
    raise ConfigurationError(
        f"sending from Spark needs PySpark 4.0 or newer, and {sys.executable} has none: the extra "
        "'spark' leaves it to the cluster, or pip install pyspark"
    ) from None

if TYPE_CHECKING:
    from klaviyo_bulk_events.spark.foreach_batch import each_batch
    from klaviyo_bulk_events.spark.planning import Plan
    from klaviyo_bulk_events.spark.reports import JobError, SparkReport
    from klaviyo_bulk_events.spark.writing import plan, write

__all__ = ["JobError", "Plan", "SparkReport", "each_batch", "plan", "write"]

# Imported when they are first asked for: Spark starts a Python for every step of a write, which
# needs one module of these or two, and would import them all.
_WHERE = {
    "JobError": "reports",
    "Plan": "planning",
    "SparkReport": "reports",
    "each_batch": "foreach_batch",
    "plan": "writing",
    "write": "writing",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
