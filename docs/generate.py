"""The pages that are made from the code's own data: commands, configuration, documents, codes, frameworks, catalogue, Python API.

`python docs/generate.py` writes them; the Sphinx build does so by itself. What is written is never committed.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click


def write(docs: Path) -> None:
    """Write every generated page below `docs`; pages whose text is unchanged are left alone, others of ours removed."""
    pages = {f"_generated/{name}.md": text for name, text in _parts().items()}
    pages |= {f"reference/codes/{name}.md": text for name, text in codes().items()}
    for folder in ("_generated", "reference/codes"):
        (docs / folder).mkdir(parents=True, exist_ok=True)
        for old in (docs / folder).glob("*.md"):
            if old.relative_to(docs).as_posix() not in pages:
                old.unlink()
    for path, text in pages.items():
        file = docs / path
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")


def _parts() -> dict[str, str]:
    from toolaudit_reports.document import EvidenceDocument, ScanDocument

    return {
        "commands": commands(),
        "configuration": configuration(),
        "scan-document": document(ScanDocument),
        "evidence-document": document(EvidenceDocument),
        "frameworks": frameworks(),
        "runs": runs(),
        "catalogue": catalogue(),
        "python-api": python_api(),
        "plugin-options": plugin_options(),
        "code-table": code_table(),
    }


# --- commands ----------------------------------------------------------------------------------------------------------


def commands() -> str:
    """Every command with its arguments and options, from the click application."""
    from toolaudit.cli import COMMANDS, toolaudit

    parts = []
    for name in COMMANDS:
        context = click.Context(toolaudit, info_name="toolaudit")
        command = toolaudit.get_command(context, name)
        assert command is not None, name
        parts.append(_command(command, click.Context(command, info_name=name, parent=context)))
    return "\n".join(parts)


def _command(command: click.Command, context: click.Context) -> str:
    usage = command.get_usage(context).removeprefix("Usage: ")
    help_text = inspect.cleandoc(command.help or COMMAND_WITHOUT_HELP).replace("\b\n", "")
    rows = [
        (_option(parameter), parameter.help or "")
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.hidden
    ]
    return f"## {context.info_name}\n\n```text\n{usage}\n```\n\n{help_text}\n\n{table(('Option', 'Meaning'), rows)}"


COMMAND_WITHOUT_HELP = "This command has no description yet."


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if option.is_flag or option.count:
        return names
    if isinstance(option.type, click.Choice):
        return f"{names} " + " / ".join(f"`{choice}`" for choice in option.type.choices)
    return f"{names} `{option.metavar or option.type.name.upper()}`"


# --- configuration and documents: from their JSON Schemas -----------------------------------------------------------------


def configuration() -> str:
    """The keys of `[tool.toolaudit]`."""
    from toolaudit import config

    properties: Mapping[str, Any] = config.schema()["properties"]
    rows = [(f"`{key}`", _type(entry), f"`{_default(entry)}`", entry.get("description", "")) for key, entry in properties.items()]
    return table(("Key", "Value", "Default", "Meaning"), rows)


def document(kind: type) -> str:
    """The fields of a document: one table for each part, the whole document first."""
    import msgspec

    schema = msgspec.json.schema(kind)
    parts: dict[str, Any] = schema["$defs"]
    first = schema["$ref"].rsplit("/", 1)[-1]
    order = [first, *sorted(name for name in parts if name != first)]
    return "\n".join(_document_part(name, parts[name]) for name in order)


def _document_part(name: str, part: Mapping[str, Any]) -> str:
    required = set(part.get("required", ()))
    rows = [
        (f"`{field}`", _type(entry), "always" if field in required else "when it is not the default", _cell(entry.get("description", "")))
        for field, entry in part["properties"].items()
    ]
    return f"### {name}\n\n{inspect.cleandoc(part.get('description', ''))}\n\n{table(('Field', 'Type', 'Written', 'Meaning'), rows)}"


def _type(entry: Mapping[str, Any]) -> str:
    if "$ref" in entry:
        name = entry["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in entry:
        return " or ".join(dict.fromkeys(_type(option) for option in entry["anyOf"]))
    if "enum" in entry:
        return " / ".join(f"`{value}`" for value in entry["enum"])
    if entry.get("type") == "array":
        if "prefixItems" in entry:
            return "list of " + ", ".join(_type(item) for item in entry["prefixItems"])
        items = entry.get("items")
        return f"list of {_type(items)}" if isinstance(items, Mapping) else "list"
    if entry.get("type") == "object":
        values = entry.get("additionalProperties")
        return f"object of {_type(values)}" if isinstance(values, Mapping) else "object"
    return str(entry.get("type", "any"))


def _default(entry: Mapping[str, Any]) -> str:
    import json

    return json.dumps(entry.get("default"))


# --- codes -------------------------------------------------------------------------------------------------------------


def codes() -> dict[str, str]:
    """One page for each code: the rule's own page."""
    from toolaudit import rules

    return {page.name: page.markdown.rstrip() + "\n" for page in rules.pages()}


def code_table() -> str:
    """All codes with their names, one line each, and the hidden table of contents of their pages."""
    from toolaudit import rules

    pages = rules.pages()
    rows = [(page.code, f"[`{page.name}`](codes/{page.name}.md)", _cell(page.short)) for page in pages]
    entries = "\n".join(f"codes/{page.name}" for page in pages)
    return f"{table(('Code', 'Name', 'Finds'), rows)}\n```{{toctree}}\n:hidden:\n\n{entries}\n```\n"


# --- frameworks --------------------------------------------------------------------------------------------------------


def frameworks() -> str:
    """What declares a tool in each framework, what is injected, and which flags count."""
    from toolaudit.frameworks.load import load

    return "\n".join(_framework(framework) for framework in load())


def _framework(framework: Any) -> str:
    head = framework.framework
    lines = [f"## {head.title}", ""]
    lines.append(f"Named `{head.name}` in documents." + (f" Read in version {head.newest}." if head.newest else ""))
    lines.append("")
    lines.append(table(("Declared by", "Names"), [(entry.kind, _declared_names(entry)) for entry in framework.declare]))
    if framework.inject:
        rows = [(", ".join(f"`{_cell(name)}`" for name in entry.match), entry.what) for entry in framework.inject]
        lines.append(table(("Injected parameter", "As"), rows))
    if framework.flag:
        rows = [(f"`{flag.name}`", flag.kind, ", ".join(flag.where), _cell(flag.meaning)) for flag in framework.flag]
        lines.append(table(("Flag", "Kind", "Written as", "Meaning"), rows))
    return "\n".join(lines)


def _declared_names(entry: Any) -> str:
    names = [*entry.names, *(f"{owner}.{method}" for owner in entry.types for method in entry.methods)]
    names += [f"{owner}({keyword}=…)" for owner in entry.types for keyword in entry.keywords]
    names += entry.variables or ([entry.variable] if entry.variable else [])
    names += ["a literal with " + ", ".join(shape.requires) for shape in entry.shapes]
    return ", ".join(f"`{name}`" for name in names) or "any"


def runs() -> str:
    """How each framework runs several calls of one turn."""
    from toolaudit.frameworks.load import load

    calls, results = [], []
    for framework in load():
        for run in framework.run:
            name = _cell(" ".join(filter(None, (framework.framework.title, run.versions))))
            plain, coroutine = _runner(run.sync, run.sync_workers), _runner(run.asynchronous, run.async_workers)
            calls.append((f"{name}: {_cell(run.entry)}", plain, coroutine, _cell(run.note)))
            results.append((f"{name}: {_cell(run.entry)}", run.failure, run.order, _cell(run.timeout)))
    how = table(("Framework: entry", "Plain functions", "Coroutines", "Remark"), calls)
    after = table(("Framework: entry", "When one call fails", "Order of results", "Timeout"), results)
    return f"## How the calls of one turn run\n\n{how}\n## What becomes of the results\n\n{after}"


WORKERS = {"asyncio": "min(32, cores + 4)", "anyio": "40"}


def _runner(runner: str, workers: int | str) -> str:
    """`threads (40)`: how many at once; no number where there is but one, or no bound, or none is known."""
    return runner if workers in (1, "unknown", "unbounded") else f"{runner} ({WORKERS.get(str(workers), workers)})"


# --- catalogue and Python API --------------------------------------------------------------------------------------------


def catalogue() -> str:
    """The libraries whose APIs the catalogue knows, with how many."""
    import tomllib
    from importlib import resources

    rows = []
    for file in _toml_files(resources.files("toolaudit.catalogue")):
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        roots = ", ".join(f"`{root}`" for root in data.get("library", {}).get("roots", ()))
        rows.append((roots or f"`{file.name.removesuffix('.toml')}`", str(len(data.get("api", {}))), str(len(data.get("type", {})))))
    return table(("Import roots", "APIs", "Types"), sorted(rows))


def _toml_files(folder: Any) -> Iterable[Any]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _toml_files(entry)
        elif entry.name.endswith(".toml"):
            yield entry


def python_api() -> str:
    """The public names of the plugin with signature and docstring."""
    import pytest_toolaudit

    parts = []
    for name in sorted(pytest_toolaudit.__all__, key=str.lower):
        value = getattr(pytest_toolaudit, name)
        signature = f"{name}{_signature(value)}" if inspect.isroutine(value) else name
        parts.append(f"### {name}\n\n```python\n{signature}\n```\n\n{inspect.cleandoc(value.__doc__ or '')}\n")
    return "\n".join(parts)


def _signature(value: Any) -> str:
    """As it stands in the source: annotations without the quotes of `from __future__ import annotations`."""
    return re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(value)))


class _Options:
    """Stands in for pytest's parser: what the plugin adds, in its order."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def getgroup(self, name: str, description: str = "") -> _Options:
        return self

    def addoption(self, name: str, *, help: str, metavar: str = "", **_: object) -> None:  # noqa: A002
        if help != argparse.SUPPRESS:
            self.rows.append((f"`{name} {metavar}`", help))

    def addini(self, name: str, help: str, *_: object, **__: object) -> None:  # noqa: A002
        self.rows.append((f"`{name}` in the ini file", help))


def plugin_options() -> str:
    """The options and ini settings that the plugin adds to pytest."""
    from pytest_toolaudit.plugin import pytest_addoption

    options = _Options()
    pytest_addoption(options)  # type: ignore[arg-type]
    return table(("Option", "Meaning"), [(name, _cell(meaning)) for name, meaning in sorted(options.rows)])


# --- Markdown ----------------------------------------------------------------------------------------------------------


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; empty text for no rows."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *body]) + "\n" if body else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    write(Path(__file__).parent)
    sys.exit(0)
