"""Write the client into an empty folder: the generator's output, limits, parts, the spec."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

from openapi import limits, limits_module
from openapi import spec as vendor
from openapi.errors import GenerationError
from openapi.overlay import overlaid

PACKAGE = "klaviyo_bulk_events_api"


def generate(spec: vendor.Json, overlay: Path, config: Path, into: Path) -> None:
    """Write the package into the folder `into`; it is whole and imports, or this raises."""
    numbers = limits.read(spec)
    package = into / PACKAGE
    _run_generator(overlaid(spec, overlay), config, package)
    (package / "limits.py").write_text(limits_module.written(numbers), encoding="utf-8")
    (package / "openapi.json").write_text(vendor.write(spec), encoding="utf-8")
    (package / "py.typed").touch()
    _import(into)
    (package / "parts.py").write_text(_parts(into), encoding="utf-8")
    written = (str(package / name) for name in ("limits.py", "parts.py"))
    _run("ruff", "ruff", "format", "--isolated", "--no-cache", *written)


def _run_generator(spec: vendor.Json, config: Path, package: Path) -> None:
    with TemporaryDirectory() as folder:
        document = Path(folder) / "openapi.json"
        document.write_text(vendor.write(spec), encoding="utf-8")
        # Without --fail-on-warning it succeeds having left out the only endpoint.
        _run(
            "openapi-python-client",
            *(sys.executable, "-m", "openapi_python_client", "generate"),
            *("--path", str(document), "--config", str(config), "--output-path", str(package)),
            *("--meta", "none", "--fail-on-warning"),
        )


def _import(into: Path) -> None:
    modules = (
        ".".join(path.relative_to(into).with_suffix("").parts)
        for path in sorted(into.rglob("*.py"))
    )
    script = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    _run("importing the client", sys.executable, "-BPc", script, *modules, import_from=into)


def _parts(into: Path) -> str:
    program = Path(__file__).with_name("parts_module.py")
    # -P keeps the modules beside the program from passing for others of their name.
    command = (sys.executable, "-BP", str(program))
    return _run("making the parts of a request", *command, import_from=into)


def _run(what: str, *command: str, import_from: Path | None = None) -> str:
    """What the command prints."""
    # The generator calls ruff by its name; this environment's is the one that is pinned.
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    imports = {} if import_from is None else {"PYTHONPATH": str(import_from)}
    done = subprocess.run(  # noqa: S603, no part of the command comes from outside
        command,
        env={**os.environ, **imports, "PATH": path, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise GenerationError(f"{what} failed\n{done.stderr.strip()}")
    return done.stdout
