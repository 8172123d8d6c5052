"""How to work here: `nox` runs what must be green, `nox -l` lists everything."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import nox

nox.needs_version = ">=2026.8"
nox.options.default_venv_backend = "uv"

PYPROJECT = nox.project.load_toml("pyproject.toml")
OLDEST = "3.11"
# The oldest and the newest that are supported, and what goes with them: the newest without the
# pandas that PySpark wants for some things, and this package for none that it needs.
SPARKS = {"4.0.0": ["pandas<3"], "4.3.0": []}
# The newest is tested where it is installed; nox fetches the others if need be.
PYTHONS = [OLDEST, "3.12", "3.13", *(["3.14"] if shutil.which("python3.14") else [])]
CHECKED = ("wrapper", "noxfile.py", "openapi", "benchmarks", "chaos", "publishing")
# Tests with sessions of their own.
OTHERS = ("dlt", "docs", "openapi", "package", "sdk", "spark", "spark_cluster")
ON_EVERY_CORE = ("--numprocesses=auto", "--dist=loadscope")
ELSEWHERE = [f"--ignore=tests/{name}" for name in OTHERS]

# Of docs/engines.md, with what each needs.
ENGINES = {
    "Ray": ["ray"],
    "Dask": ["dask[dataframe,distributed]"],
    "Daft": ["daft"],
    "Beam": ["apache-beam"],
    "Spark 3.5": ["pyspark==3.5.*", "pandas<3"],
}


def show_all_of_pyenv() -> None:
    """Let nox find every Python that pyenv has: it shows the chosen one only."""
    if shutil.which("pyenv") and "PYENV_VERSION" not in os.environ:
        listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True)
        found = [v for v in listed.stdout.split() if v.rpartition(".")[0] in {*PYTHONS, "3.14"}]
        if found:
            os.environ["PYENV_VERSION"] = ":".join(found)


show_all_of_pyenv()


def install_groups(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml, and not the project itself."""
    session.install(*nox.project.dependency_groups(PYPROJECT, *groups))


def install_wheel(session: nox.Session, extras: str) -> None:
    """Build the wheel and install it: what is tested is what users get."""
    folder = Path(session.create_tmp())
    session.run("uv", "build", "--quiet", "--wheel", "--out-dir", str(folder), external=True)
    newest = max(folder.glob("*.whl"), key=lambda wheel: wheel.stat().st_mtime)
    session.install("--reinstall-package", "klaviyo-bulk-events", f"{newest}[{extras}]")


def install_debian(session: nox.Session, **programs: str) -> None:
    """In CI, have the Debian packages with the programs that tests need."""
    missing = [package for program, package in programs.items() if not shutil.which(program)]
    if os.environ.get("CI") and missing:
        session.run("apt-get", "update", "-qq", external=True)
        session.run("apt-get", "install", "-y", "-qq", *missing, external=True)


def install_java(session: nox.Session) -> None:
    """In CI, have the Java that Spark runs in; elsewhere its tests are skipped without it."""
    install_debian(session, java="default-jre-headless")


def install_redis(session: nox.Session) -> None:
    """In CI, have the real Redis that some tests need; elsewhere they are skipped."""
    install_debian(session, **{"redis-server": "redis-server"})


def install_chromium(session: nox.Session) -> None:
    """In CI, have the browser that the inspector is tried in; elsewhere do without if need be."""
    install_debian(session, chromium="chromium")
    if not (os.environ.get("CHROMIUM") or shutil.which("chromium")):
        session.skip("there is no chromium; CHROMIUM names one that is elsewhere")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format of everything written by hand."""
    install_groups(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check types, as strictly as mypy can."""
    install_groups(session, "typecheck")
    session.install("-e", ".[all]")
    session.run("mypy", *CHECKED)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Test the installed wheel."""
    install_redis(session)
    install_groups(session, "test")
    install_wheel(session, "all")
    session.run("pytest", *ON_EVERY_CORE, *ELSEWHERE, *session.posargs)


@nox.session(python=OLDEST)
def tests_oldest(session: nox.Session) -> None:
    """Test the installed wheel with the oldest dependencies that it allows."""
    project = PYPROJECT["project"]
    install_redis(session)
    extras = project["optional-dependencies"].values()
    needed = [*project["dependencies"], *itertools.chain.from_iterable(extras)]
    oldest = [name for name in needed if not name.startswith(project["name"])]
    session.install("--resolution=lowest-direct", *oldest)
    install_groups(session, "test")
    install_wheel(session, "all")
    session.run("pytest", *ON_EVERY_CORE, *ELSEWHERE, *session.posargs)


@nox.session
def sdk(session: nox.Session) -> None:
    """Test the emulator with Klaviyo's own SDK, and with the generated client as it is."""
    install_groups(session, "bench", "test")
    install_wheel(session, "testing")
    session.run("pytest", "tests/sdk", *session.posargs)


@nox.session
def package(session: nox.Session) -> None:
    """Check what would be published; `-- --write` takes the public API down as it is now."""
    install_groups(session, "package", "test")
    session.run("python", "-m", "publishing", *session.posargs)
    session.install(".")
    folder = Path(session.create_tmp()) / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    session.run("uv", "build", "--quiet", "--out-dir", str(folder), external=True)
    session.run("twine", "check", "--strict", *map(str, sorted(folder.glob("klaviyo*"))))
    session.run("pytest", "tests/package", env={"DIST": str(folder)})


@nox.session(python=OLDEST)
@nox.parametrize("resolution", ["lowest-direct", "highest"], ids=["oldest", "newest"])
def dlt(session: nox.Session, resolution: str) -> None:
    """Test the destination with the oldest dlt that it allows, and with the newest."""
    extras = PYPROJECT["project"]["optional-dependencies"]
    session.install(f"--resolution={resolution}", *extras["dlt"])
    install_groups(session, "test")
    install_wheel(session, "dlt,emulator")
    session.run("pytest", "tests/dlt", *session.posargs)


@nox.session(python=OLDEST)
@nox.parametrize("pyspark", list(SPARKS))
def spark(session: nox.Session, pyspark: str) -> None:
    """Test the connector against a real Spark, of the oldest and the newest PySpark."""
    install_java(session)
    install_groups(session, "test")
    session.install(f"pyspark=={pyspark}", *SPARKS[pyspark])
    install_wheel(session, "cli,emulator,spark,sql")
    session.run("pytest", "tests/spark", "--timeout=300", *session.posargs)


@nox.session(python=OLDEST, default=False)
def spark_cluster(session: nox.Session) -> None:
    """Test it on a cluster of two workers on this machine: speculation, and a worker lost."""
    install_java(session)
    install_groups(session, "test")
    session.install(f"pyspark=={list(SPARKS)[-1]}", "psutil>=7")
    install_wheel(session, "cli,emulator,spark")
    session.run("pytest", "tests/spark_cluster", *session.posargs)


@nox.session
def tests_openapi(session: nox.Session) -> None:
    """Test the pipeline from spec to client, in the generator's own environment."""
    install_groups(session, "generate", "test")
    session.run("python", "-m", "pytest", "tests/openapi", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Test the emulator's page in Chromium."""
    install_chromium(session)
    install_groups(session, "test", "browser")
    install_wheel(session, "emulator")
    session.run("pytest", "tests/inspector/browser", *session.posargs)


@nox.session
def drift(session: nox.Session) -> None:
    """Fail if generated/ is not what the pinned generator makes of openapi/."""
    install_groups(session, "generate")
    session.run("python", "-m", "openapi", "drift")


@nox.session(python=OLDEST)
def docs(session: nox.Session) -> None:
    """Build the site, and do all that README and its pages tell their readers to do.

    Needs Java, redis-server, and PostgreSQL's server and psql. The site is left in `site/`.
    """
    debian = {"redis-server": "redis-server", "postgres": "postgresql", "psql": "postgresql-client"}
    install_debian(session, **debian, curl="curl", java="default-jre-headless")
    install_groups(session, "docs")
    install_wheel(session, "all,dlt,testing")
    session.run("zensical", "build", "--strict", "--clean")
    session.run("pytest", "tests/docs", *session.posargs)


@nox.session(default=False)
def generate(session: nox.Session) -> None:
    """Make generated/ anew; `nox -s generate -- NEW_SPEC` takes in a new revision first."""
    install_groups(session, "generate")
    session.run("python", "-m", "openapi", "generate", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure speed, memory, start-up and use of the limits; `-- --quick` only tries it all."""
    install_groups(session, "bench")
    install_wheel(session, "arrow,emulator,redis")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session(default=False)
def chaos(session: nox.Session) -> None:
    """Send 2,000,000 events through every fault there is; `-- --seed N --runs N` for fewer.

    `-- --spool` kills processes that share a queue's spool instead.
    """
    install_wheel(session, "all")
    session.run("python", "-m", "chaos", *session.posargs)


@nox.session(default=False, python=OLDEST)
def fuzz(session: nox.Session) -> None:
    """Fuzz what reads records, answers and headers; `-- records` only one, `-- -runs=N` longer."""
    install_groups(session, "fuzz")
    install_wheel(session, "cli")
    targets = [name for name in session.posargs if not name.startswith("-")]
    options = [name for name in session.posargs if name.startswith("-")]
    for target in targets or ("records", "answers", "retry_after"):
        session.run("python", "tests/fuzzing", target, *(options or ["-max_total_time=60"]))


@nox.session(default=False, python=OLDEST)
@nox.parametrize("engine", list(ENGINES), ids=[name.split()[0].lower() for name in ENGINES])
def recipes(session: nox.Session, engine: str) -> None:
    """Run the recipes of docs/engines.md against the emulator; Spark's needs Java 17."""
    session.install(*ENGINES[engine])
    install_wheel(session, "arrow,emulator")
    session.run("python", "tests/recipes", engine)


@nox.session(default=False)
def demo(session: nox.Session) -> None:
    """Send 20,000 made-up shop events to the emulator and show the report."""
    install_wheel(session, "all")
    session.run("klaviyo-bulk-events", "demo", *session.posargs)
