"""A project that has the wheel and nothing else: the page's own files are its tests."""

from pathlib import Path

from tests.package.conftest import Make
from tests.testkit import page


def test_the_five_lines_of_the_page_pass(environment: Make, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]")
    for name, content in page.files().items():
        (tmp_path / f"{name}.py").write_text(content)
    ran = environment("testing").run("-m", "pytest", "-q", "-W", "error", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
