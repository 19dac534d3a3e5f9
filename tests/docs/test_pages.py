"""What the pages show is so: code stands in tested files, commands say what they are shown to say, names exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(`{3,}|:{3,})(\S*)[^\n]*\n(.*?)^\1\s*$", re.M | re.S)


def blocks(text: str, language: str) -> list[str]:
    return [body for _, found, body in FENCE.findall(text) if found == language]


def flat(text: str) -> str:
    """Code without indentation and empty lines, so that a method's body is found in its class."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


@pytest.fixture(scope="session")
def tested_code(root) -> str:
    files = sorted((root / "docs/examples").rglob("*.py"))
    return "\n".join(flat(file.read_text(encoding="utf-8")) for file in files)


def test_python_on_pages_stands_in_tested_files(pages, tested_code):
    shown = [(path, flat(body)) for path, text in pages.items() for body in blocks(text, "python")]
    assert [(path, body) for path, body in shown if body not in tested_code] == []


def test_configuration_on_pages_is_valid(pages):
    from toolaudit import config

    shown = [(path, body) for path, text in pages.items() for body in blocks(text, "toml")]
    tables = [(path, tomllib.loads(body)) for path, body in shown if "[tool.toolaudit" in body]
    assert tables
    for path, table in tables:
        config.read(table["tool"]["toolaudit"], Path(path))


def test_options_on_pages_exist(pages):
    """`toolaudit …` in a text block is a command that the command line takes, with options that it has."""
    import click

    from toolaudit.cli import toolaudit

    for path, text in pages.items():
        lines = [
            line.removeprefix("$ ")
            for kind in ("text", "console", "bash", "sh")
            for body in blocks(text, kind)
            for line in body.splitlines()
        ]
        for line in lines:
            if not line.startswith("toolaudit "):
                continue
            name, *arguments = shlex.split(line)[1:]
            command = toolaudit.get_command(click.Context(toolaudit), name)
            assert command is not None, (path, line)
            known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
            assert {argument.split("=")[0] for argument in arguments if argument.startswith("-")} <= known, (path, line)


def session(block: str) -> list[tuple[str, list[str]]]:
    """A console block as commands, each with the lines that it is shown to print; `…` stands for any lines."""
    commands: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands:
            commands[-1][1].append(line)
    return commands


SESSIONS = [
    (page.relative_to(ROOT).as_posix(), commands)
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/how-to").glob("*.md"))]
    for commands in map(session, blocks(page.read_text(encoding="utf-8"), "console"))
]


@pytest.mark.parametrize(("page", "commands"), SESSIONS, ids=[f"{page}: {commands[0][0]}" for page, commands in SESSIONS])
def test_commands_print_what_is_shown(page, commands, run):
    code = 0
    for command, shown in commands:
        if command == "echo $?":
            assert shown == [str(code)], (page, command)
            continue
        result = run(shlex.split(command))
        code = result.returncode
        assert code in (0, 1), (page, command, result.stderr)
        missing = not_in_order([line for line in shown if line.strip() not in ("…", "")], result.stdout)
        assert missing is None, f"{page}: `{command}` does not print {missing!r}:\n{result.stdout}"


def not_in_order(shown: list[str], output: str) -> str | None:
    """The first shown line that does not stand in the output after the lines before it."""
    lines = iter(line.rstrip() for line in output.splitlines())
    for expected in shown:
        if not any(re.fullmatch(pattern(expected), line) for line in lines):
            return expected
    return None


def pattern(shown: str) -> str:
    """A shown line as a pattern: `…` within it stands for any text."""
    return ".*".join(re.escape(part) for part in re.split(r" *… *", shown.rstrip()))


def test_paths_on_pages_exist(pages, root):
    """A path of the repository that a page names is there; `lost_update` and other examples too."""
    for path, text in pages.items():
        for named in re.findall(r"`((?:auditor|pytest_plugin|reports|tests|docs)/[\w./-]+)`", text):
            assert (root / named).exists(), (path, named)


def test_invariants_name_their_tests(pages, root):
    invariants = re.findall(r"^\*\*(.+?)\*\*.*?Held by\s+`([\w/.]+)(?:::(\w+))?`", pages["docs/architecture.md"], re.M | re.S)
    assert len(invariants) >= 8
    for _, file, function in invariants:
        text = (root / file).read_text(encoding="utf-8")
        assert not function or f"def {function}(" in text, (file, function)


def test_no_page_is_left_out(pages):
    """Every page below docs/ stands in a table of contents, and every included file exists (Sphinx checks both, this says which)."""
    listed = " ".join(body for text in pages.values() for body in blocks(text, "{toctree}"))
    for path in pages:
        name = Path(path).stem
        if path.startswith("docs/") and name != "index":
            assert name in listed, path
