"""Somebody who reads a page and does all that it says."""

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from packaging.requirements import Requirement

from tests.docs.blocks import Block, blocks

PROJECT = Path(__file__).parents[2]
INTERPRETER = Path(__file__).with_name("interpreter.py")
READY_SECONDS = 30


class Reader:
    """Works through pages in a folder; `stand_ins` replace what only the page's reader has."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], stand_ins: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(folder)}
        self._stand_ins = stand_ins
        self._printed = ""
        self._stack = ExitStack()
        self._left_running = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def follow(self, page: Path) -> None:
        """Do what the page's blocks say."""
        for block in blocks(page):
            where = f"{page.name}:{block.line}"
            try:
                self._do(block, where)
            except AssertionError as error:
                error.add_note(f"{where}:\n{block.text}")
                raise

    def copy_files(self, page: Path) -> None:
        """Write the files that the page shows, and do no more."""
        for block in blocks(page):
            if block.title is not None:
                self.write(block.title, self._with_stand_ins(block.text))

    def _do(self, block: Block, where: str) -> None:
        text = self._with_stand_ins(block.text)
        if block.title is not None:
            self.write(block.title, text)
        elif block.language == "python":
            self._printed = self._run(text, block.line, where)
        elif block.language == "console":
            self._printed = self._type(text, block.note)
        elif block.language == "text":
            assert matches(text, self._printed), f"printed instead:\n{self._printed}"
        elif block.language:
            raise AssertionError(f"nobody knows what to do with {block.language}")

    def _with_stand_ins(self, text: str) -> str:
        for ours, theirs in self._stand_ins.items():
            text = text.replace(ours, theirs)
        return text

    def write(self, name: str, text: str) -> None:
        """Write a file into the folder."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _run(self, code: str, line: int, where: str) -> str:
        asked = {"code": code, "line": line, "page": where.partition(":")[0]}
        python = self._python
        assert python.stdin is not None
        assert python.stdout is not None
        python.stdin.write(json.dumps(asked) + "\n")
        python.stdin.flush()
        answer = python.stdout.readline()
        assert answer, "the interpreter has died"
        printed, failure = json.loads(answer)
        assert failure is None, failure
        return str(printed)

    @cached_property
    def _python(self) -> subprocess.Popen[str]:
        return self._start([sys.executable, str(INTERPRETER)])

    def _type(self, commands: str, note: str) -> str:
        kind, _, argument = note.partition(" ")
        if kind == "background":
            self.leave_running(commands, ready=argument)
            return ""
        if kind == "installed":
            assert_installed(commands)
            return ""
        if kind == "ci":
            assert_run_by_ci(commands)
            return ""
        if kind == "fresh":
            return self._in_fresh_environment(commands)
        if kind == "checkout":
            return self.in_shell(f"git clone --quiet {PROJECT} checkout && cd checkout\n{commands}")
        return self.in_shell(commands, code=int(argument) if kind == "exits" else 0)

    def _in_fresh_environment(self, commands: str) -> str:
        """Run commands from the checkout, in a virtual environment that has nothing but pip."""
        made = f"{sys.executable} -m venv fresh && source fresh/bin/activate && cd {PROJECT}"
        return self.in_shell(f"{made}\n{commands}")

    def in_shell(self, commands: str, *, code: int = 0) -> str:
        """Run commands; what they export is there for the blocks that follow."""
        exported = self._folder / ".exported"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f"trap 'env -0 > {exported}' EXIT\n{commands}"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == code, f"exit code {done.returncode}:\n{done.stdout}"
        variables = exported.read_text().rstrip("\0").split("\0")
        self._environment = dict(variable.split("=", 1) for variable in variables)
        return done.stdout

    def leave_running(self, command: str, ready: str) -> None:
        """Start a command and wait until it has printed the words that say it is ready."""
        self._left_running += 1
        log = self._folder / f".background-{self._left_running}.log"
        with log.open("w") as output:
            process = self._start(
                ["bash", "-c", f"exec {command}"], stdout=output, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + READY_SECONDS
        while ready not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"{ready!r} was not said:\n{log.read_text()}"
            time.sleep(0.05)

    def _start(self, command: list[str], **options: Any) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen(
            command, cwd=self._folder, env=self._environment, **{**pipes, **options}
        )
        self._stack.callback(_end, process)
        return process


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def matches(expected: str, printed: str) -> bool:
    """Whether it was printed, `...` standing for anything; spaces at a line's end don't count."""
    wanted, got = (
        "\n".join(line.rstrip() for line in text.strip().splitlines())
        for text in (expected, printed)
    )
    pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
    return re.fullmatch(pattern, got, re.DOTALL) is not None


def assert_installed(command: str) -> None:
    """The test's environment has what the command would install, with extras that there are."""
    assert command.startswith("pip install "), command
    for argument in shlex.split(command)[2:]:
        requirement = Requirement(argument)
        known = metadata.metadata(requirement.name).get_all("Provides-Extra", [])
        assert requirement.extras <= set(known), argument


def assert_run_by_ci(command: str) -> None:
    """CI runs it: here it would run itself."""
    steps = (PROJECT / ".ci" / "run").read_text().replace("python -m pip", "pip").splitlines()
    for step in command.strip().split(" && "):
        assert step in (line.replace(" --quiet", "") for line in steps), step


def free_port() -> int:
    """One on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
