"""Dependencies point one way along the flow; what stands around it is never imported by it."""

import ast
import re
from pathlib import Path

import pytest

import klaviyo_bulk_events

WIRE = r"(?m)^(?:import|from) (?:asyncio|socket|starlette|uvicorn)"
PACKAGE = Path(klaviyo_bulk_events.__file__).parent
NAME = "klaviyo_bulk_events"
AROUND = (
    "sources",
    "arrow",
    "dlt",
    "spark",
    "journal",
    "shared_places",
    "queueing",
    "run_report",
    "cli",
    "emulator",
    "testing",
    "__main__",
)
# Reach around themselves once a journal, a shared limiter or a queue is asked for, and not before.
LAZY = {"journaling": {"journal"}, "limiting": {"shared_places"}, "queues": {"queueing"}}
# The flow, each stage importing only what stands before it.
STAGES = (
    ("version", "errors", "forks", "watchdog", "rates", "pace", "limits", "problems"),
    ("private_files", "sqlite_files"),
    ("sqlite_connection",),
    ("record_form", "records", "intake"),
    ("times", "walk", "values", "identifiers", "shape", "derive", "ignored_values"),
    ("metrics", "event_fields", "profile_fields", "profiles", "encoder", "decoder"),
    ("json_form", "repeats", "outcomes", "chunker", "planner", "set_aside"),
    ("answers", "retry", "refusals", "steps", "unsettled", "delivery"),
    ("boot", "window_log", "places", "limiting", "limiter"),
    (
        "credentials",
        "references",
        "endpoint",
        "lanes",
        "async_lanes",
        "threads",
        "driver",
        "async_driver",
    ),
    ("logs", "report", "brake", "ledger", "progress", "settings", "journaling", "queues"),
    ("sent_times", "timeline"),
    ("run", "async_run", "async_sender"),
    ("client", "async_client"),
    ("account_of", "account_outcomes", "account_repeats", "waiting", "account_lane"),
    ("stream_lane", "account_legs", "account_stream", "accounts"),
)
ORDER = {module: at for at, stage in enumerate(STAGES) for module in stage}


def modules() -> dict[str, Path]:
    """The modules of the package, but for what stands around the flow as a package."""
    return {path.stem: path for path in PACKAGE.glob("*.py") if path.stem != "__init__"}


def imports(path: Path, *, lazy: bool = True) -> set[str]:
    """The modules of the package that a module imports; without `lazy`, when it is imported."""
    found: set[str] = set()
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree) if lazy else tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == NAME:
                found |= {alias.name for alias in node.names}
            elif node.module.startswith(f"{NAME}."):
                found.add(node.module.split(".")[1])
    return found


def test_every_module_has_its_place() -> None:
    """A new module is put into the flow, or around it."""
    assert modules().keys() - set(AROUND) == ORDER.keys()


@pytest.mark.parametrize("module", sorted(ORDER))
def test_the_flow_runs_one_way(module: str) -> None:
    """A stage imports itself and those before it, and nothing around the flow."""
    later = {name for name in imports(modules()[module]) if ORDER.get(name, 99) > ORDER[module]}
    assert later == LAZY.get(module, set())


@pytest.mark.parametrize("module", LAZY)
def test_the_flow_comes_without_what_is_around_it(module: str) -> None:
    """What reaches around itself does so when it is called, not when it is imported."""
    assert not imports(modules()[module], lazy=False) & set(AROUND)


def test_a_journal_knows_neither_client_nor_command() -> None:
    """It is handed to a run; what it needs of the flow it imports, and nothing around it."""
    needed = {name for path in (PACKAGE / "journal").glob("*.py") for name in imports(path)}
    assert needed <= ORDER.keys() | {"journal"}
    assert not needed & {"client", "async_client", "driver", "async_driver", "journaling"}


def test_a_queue_knows_neither_client_nor_journal() -> None:
    """It is made of what a client has; what it needs of the flow it imports, and no more."""
    needed = {name for path in (PACKAGE / "queueing").glob("*.py") for name in imports(path)}
    assert needed <= ORDER.keys() | {"queueing"}
    assert not needed & {"client", "async_client", "async_driver", "run", "progress"}


def test_arrow_stands_around_the_flow() -> None:
    """It makes records of tables as sources do, and knows no command."""
    needed = {name for path in (PACKAGE / "arrow").glob("*.py") for name in imports(path)}
    assert needed <= ORDER.keys() | {"arrow", "sources"}


def test_a_test_kit_knows_the_emulator_and_the_flow() -> None:
    """It stands around both; what pytest finds by itself imports neither unless it is used."""
    needed = {name for path in (PACKAGE / "testing").glob("*.py") for name in imports(path)}
    assert needed <= ORDER.keys() | {"testing", "emulator"}
    for module in ("__init__", "plugin"):
        assert not imports(PACKAGE / "testing" / f"{module}.py", lazy=False)


def test_a_run_report_knows_no_client_and_no_command() -> None:
    """It is made of what a run or its journal has counted."""
    needed = {name for path in (PACKAGE / "run_report").glob("*.py") for name in imports(path)}
    assert needed <= ORDER.keys() | {"run_report", "journal"}
    assert not needed & {"client", "async_client", "driver", "async_driver"}


def test_an_engine_stands_around_record_batches() -> None:
    """It hands over what it has, and sends nothing by itself."""
    needed = {name for path in (PACKAGE / "dlt").glob("*.py") for name in imports(path)}
    assert needed <= ORDER.keys() | {"arrow", "dlt", "sources"}
    assert not needed & {"driver", "async_driver", "run", "async_run", "delivery"}


def test_spark_stands_around_arrow() -> None:
    """It hands batches to `arrow`, and knows no command."""
    needed = {name for path in (PACKAGE / "spark").glob("*.py") for name in imports(path)}
    assert needed <= ORDER.keys() | {"spark", "arrow", "sources"}


def test_nothing_runs_in_a_circle() -> None:
    """Within a stage, too, no module needs itself through another."""
    graph = {name: imports(path) & ORDER.keys() for name, path in modules().items()}
    while free := [name for name, needed in graph.items() if not needed & graph.keys()]:
        for name in free:
            del graph[name]
    assert graph == {}


def test_the_emulator_has_rules_of_its_own() -> None:
    """It shares numbers with the wrapper and no validation: each is a check on the other."""
    shared = {name for path in (PACKAGE / "emulator").rglob("*.py") for name in imports(path)}
    assert shared <= {"emulator", "rates", "errors", "limits", "version"}


def test_the_emulator_s_core_has_no_page_and_no_wire() -> None:
    """Only the application puts the inspector beside it; I/O comes from there on."""
    folder = PACKAGE / "emulator"
    wired = {path.stem for path in folder.glob("*.py") if re.search(WIRE, path.read_text())}
    assert wired == {
        "app",
        "connection",
        "control",
        "delivery",
        "hanging_up",
        "hosts",
        "origins",
        "pausing",
        "server",
    }
    users = {path.stem for path in folder.glob("*.py") if "inspector" in path.read_text()}
    assert users == {"app"}


def test_generated_names_stay_in_few_places() -> None:
    """They change with revisions."""
    users = {
        path.stem
        for folder in (PACKAGE, PACKAGE / "arrow", PACKAGE / "journal", PACKAGE / "shared_places")
        for path in folder.glob("*.py")
        if "klaviyo_bulk_events_api" in path.read_text()
    }
    assert users == {"limits", "shape", "endpoint"}
