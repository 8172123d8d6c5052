"""The help of each command, and what a shell completes."""

import inspect
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from klaviyo_bulk_events.cli.main import cli

PROGRAM = "klaviyo-bulk-events"
# Of a line as in a shell: what stands before the command (variables, what evaluates its output),
# the command, and what becomes of its output.
EXAMPLE = re.compile(rf"(?:^|.*?[ (]){PROGRAM} (?P<words>[^>)]*)", re.DOTALL)
CONTEXT = click.Context(cli, **cli.context_settings)
COMMANDS = cli.list_commands(CONTEXT)


def command(name: str) -> click.Command:
    found = cli.get_command(CONTEXT, name)
    assert found is not None
    return found


def examples(help_text: str | None) -> list[list[str]]:
    """The words of each example's command, in the part that holds them."""
    part = inspect.cleandoc(help_text or "").partition("Examples:\n")[2]
    text = part.replace("\\\n", " ")
    lines = re.split(r"\n(?! {4})", text)  # what stands further in goes on with a line
    found = [EXAMPLE.match(line) for line in lines if line.startswith("  ")]
    return [shlex.split(match["words"]) for match in found if match]


def test_the_help_has_examples() -> None:
    """They are every command's, of the program as a whole too."""
    assert examples(cli.help)
    assert all(examples(command(name).help) for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_examples_are_about_it(name: str) -> None:
    assert name in [words[0] for words in examples(command(name).help)]


@pytest.mark.parametrize("name", [None, *COMMANDS])
def test_every_example_is_understood(name: str | None) -> None:
    """The parser of the command that it names takes all of its options and arguments."""
    for first, *rest in examples((cli if name is None else command(name)).help):
        with command(first).make_context(first, rest, parent=CONTEXT) as parsed:
            assert parsed.args == []


def test_an_example_that_is_wrong_would_be_found() -> None:
    """As the test before reads them."""
    (words,) = examples(
        "What it does.\n\nExamples:\n\nSo:\n  klaviyo-bulk-events send \\\n    --no"
    )
    with pytest.raises(click.NoSuchOption):
        command(words[0]).make_context(words[0], words[1:], parent=CONTEXT)


@pytest.mark.parametrize(
    ("words", "incomplete", "expected"),
    [
        ([], "", set(COMMANDS)),
        ([], "p", {"plan", "purge"}),
        (["send"], "--tri", {"--trigger-flows"}),
        (["emulate", "--repeats"], "", {"fail", "drop"}),
        (["completion"], "", {"bash", "fish", "zsh"}),
    ],
)
def test_words_are_completed(words: list[str], incomplete: str, expected: set[str]) -> None:
    completer = ShellComplete(cli, {}, PROGRAM, "_COMPLETE")
    assert {item.value for item in completer.get_completions(words, incomplete)} == expected


@pytest.mark.parametrize(
    "words", [["send"], ["check"], ["plan"], ["status"], ["send", "--rejects"], ["purge"]]
)
def test_files_are_left_to_the_shell(words: list[str]) -> None:
    completer = ShellComplete(cli, {}, PROGRAM, "_COMPLETE")
    (item,) = completer.get_completions(words, "ord")
    assert (item.type, item.value) == ("file", "ord")


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_a_shell_s_script_asks_the_program(shell: str) -> None:
    shown = CliRunner().invoke(cli, ["completion", shell])
    assert shown.exit_code == 0
    assert f"_KLAVIYO_BULK_EVENTS_COMPLETE={shell}_complete" in shown.output


def test_bash_completes() -> None:
    """The real one, by the script and the program as installed."""
    bash, program = shutil.which("bash"), Path(sys.executable).with_name(PROGRAM)
    assert bash is not None
    code = f"""
        PATH={shlex.quote(str(program.parent))}:$PATH
        eval "$({PROGRAM} completion bash)"
        COMP_WORDS=({PROGRAM} send --trigger)
        COMP_CWORD=2
        _klaviyo_bulk_events_completion {PROGRAM}
        echo "${{COMPREPLY[@]}}"
    """
    shown = subprocess.run([bash, "-c", code], capture_output=True, text=True, timeout=60)
    assert shown.stdout.split() == ["--trigger-flows"], shown.stderr
