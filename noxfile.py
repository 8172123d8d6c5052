"""How to work here: `nox` runs what must be green, `nox -l` lists everything."""

import nox

nox.needs_version = ">=2026.8"
nox.options.default_venv_backend = "uv"

PYPROJECT = nox.project.load_toml("pyproject.toml")


def install_groups(session: nox.Session, *groups: str) -> None:
    """Install dependency groups of pyproject.toml, and not the project itself."""
    session.install(*nox.project.dependency_groups(PYPROJECT, *groups))


@nox.session(default=False)
def generate(session: nox.Session) -> None:
    """Make generated/ anew; `nox -s generate -- NEW_SPEC` takes in a new revision first."""
    install_groups(session, "generate")
    session.run("python", "-m", "openapi", "generate", *session.posargs)


@nox.session
def drift(session: nox.Session) -> None:
    """Fail if generated/ is not what the pinned generator makes of openapi/."""
    install_groups(session, "generate")
    session.run("python", "-m", "openapi", "drift")


@nox.session
def tests_openapi(session: nox.Session) -> None:
    """Test the pipeline from spec to client, in the generator's own environment."""
    install_groups(session, "generate", "test")
    session.run("python", "-m", "pytest", "tests/openapi", *session.posargs)
