"""A confirmed item as an ordinary test file: it fails with the same witness, and passes once the tools are fixed."""

from __future__ import annotations

import ast
import base64
import dataclasses
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_toolaudit.calls import Call
from pytest_toolaudit.confirming.answered import SAID
from pytest_toolaudit.confirming.outcomes import Trial
from pytest_toolaudit.confirming.standin import StandIn
from pytest_toolaudit.confirming.worlds import Home
from pytest_toolaudit.verdict import Verdict
from pytest_toolaudit.witness import headline

_SHORT = 2000
_MOST = 200_000


def write_test(trial: Trial, folder: Path, stated: bool, outside: Path | None = None) -> Path:
    """Writes the file, over an older one of the same item, and returns its path.

    `stated`: the project supplies the world. `outside`: where the tools are, when that is not the working folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"test_{_name(trial.work.name)}.py"
    path.write_text(text(trial, stated, outside), encoding="utf-8")
    return path


def _name(name: str) -> str:
    """In lower case, since some file systems tell no case apart; what that makes equal is told apart by a checksum."""
    tools, _, code = name.partition("[")
    plain, code = re.sub(r"\W+", "_", tools).strip("_"), code.rstrip("]").lower()
    apart = f"_{zlib.crc32(plain.encode()):08x}" if plain != plain.lower() else ""
    return f"{plain.lower()}_{code}{apart}"


def text(trial: Trial, stated: bool = False, outside: Path | None = None) -> str:
    """The source of the test."""
    found, work = trial.found, trial.work
    assert found is not None
    setup = [] if stated or sum(map(len, trial.start.values())) > _MOST else _setup(trial.start)
    tools = _tools(trial)
    whole = len(found.calls) == len(work.tools)  # else the search has dropped calls
    made = zip(work.tools, trial.arguments, [one.kwargs for one in found.calls] if whole else trial.arguments, strict=True)
    calls = ", ".join(_called(tools[tool.id], given, kwargs) for tool, given, kwargs in made)
    before = f"{outside.as_posix()}/" if outside is not None else ""
    loads = [f'{variable} = toolaudit.tool("{before}{identity}")' for identity, variable in tools.items()]
    ready = [_made_before(one, before) for one in trial.before]
    world = "toolaudit.state" if stated else ""
    if stated and ready:  # a world that is made anew forgets what was called before
        world, ready = "world", ["def world():", "    made = toolaudit.state()", *(f"    {one}" for one in ready), "    return made"]
    settings = [f"monkeypatch.setenv({name!r}, {value!r})" for name, value in trial.settings.items()]
    body = ["monkeypatch.chdir(tmp_path)", 'monkeypatch.setenv("HOME", str(tmp_path))', *settings, *setup, *loads, *ready]
    check = _check(found, calls, world)
    body += ["with answered():", f"    {check}"] if SAID in trial.reason else [check]
    uses = "\n".join(body)
    imports = [name for name in ("asyncio", "base64", "zlib") if f"{name}." in uses]
    head = [f"import {name}" for name in imports] + (["from pathlib import Path"] if "Path(" in uses else [])
    title = f"{' × '.join(tool.name for tool in work.tools)}: {found.failure or found.kind} ({work.code})"
    said = [f"Here {trial.reason}."] if trial.reason else []
    story = "\n".join(f"    {line}".rstrip() for line in [*_story(found).splitlines(), *said])
    code = "\n".join(f"    {line}" for line in uses.splitlines())
    quoted = story.replace("\\", "\\\\").replace('"""', "'''")
    return (
        f'"""{title}\n\nWritten by `toolaudit confirm --write-tests`; it is yours to keep and to change.\n\n{quoted}\n"""\n\n'
        + "\n".join(head)
        + ("\n\n" if head else "")
        + "from pytest_toolaudit import call\n"
        + ("from pytest_toolaudit.confirming.answered import answered\n" if SAID in trial.reason else "")
        + ("from pytest_toolaudit.fitting import fitted\n" if "**fitted(" in uses else "")
        + f"\n\ndef test_{_name(work.name.partition('::')[2])}(toolaudit, tmp_path, monkeypatch):\n{code}\n"
    )


def _made_before(one: Call, folder: str) -> str:
    """A call that made what the batch uses."""
    made = f'call(toolaudit.tool("{folder}{one.tool.id}"){_arguments(one.kwargs)}).invoke()'
    return f"asyncio.run({made})" if one.is_async else made


def _story(found: Verdict) -> str:
    shown = found.witness.render() if found.witness is not None else ""
    return f"{headline(found)}\n\n{shown}".rstrip()


def _tools(trial: Trial) -> dict[str, str]:
    """Tool id → the variable that holds it."""
    variables: dict[str, str] = {}
    for tool in trial.work.tools:
        name = re.sub(r"\W", "_", tool.name)
        variable = name if name.isidentifier() and name not in ("call", "toolaudit", "tmp_path", "monkeypatch") else f"tool_{name}"
        variables.setdefault(tool.id, variable if variable not in variables.values() else f"{variable}_{len(variables)}")
    return variables


def _arguments(given: Mapping[str, Any]) -> str:
    shown = {name: _literal(value) for name, value in given.items()}
    return "".join(f", {name}={value}" for name, value in shown.items() if value is not None)


def _called(variable: str, given: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """The call as source; `made` are the arguments that it had. Models are given by their fields."""
    fields = {name: told for name, value in given.items() if (told := _fields(value, made.get(name))) is not None}
    rest = _arguments({name: value for name, value in given.items() if name not in fields})
    return f"call({variable}{rest}" + (f", **fitted({variable}, {fields!r}))" if fields else ")")


def _fields(value: Any, made: Any) -> dict[str, Any] | None:
    """What a model is made from again; None for any other value."""
    if isinstance(value, dict):
        return value if made is not None and not isinstance(made, dict) and _literal(value) else None
    dump = getattr(value, "model_dump", None)
    try:
        if dump is not None and not isinstance(value, StandIn):
            fields: dict[str, Any] = dump(mode="json", exclude_unset=True)
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = dataclasses.asdict(value)
        else:
            return None
    except Exception:  # it holds what cannot be copied or told
        return None
    return fields if _literal(fields) else None


def _literal(value: Any) -> str | None:
    """The value as source; None for an object, which the fixture supplies again as `confirm` did."""
    if isinstance(value, Path):
        return f"Path({str(value)!r})"
    try:
        if ast.literal_eval(repr(value)) != value:
            return None
        shown = repr(value)
        if Home.folder and f"{Home.folder}/" in shown and isinstance(value, str) and "{" not in shown:
            return "f" + shown.replace(f"{Home.folder}/", "{tmp_path}/")  # the folder that was the working folder then
        return shown
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _setup(start: Mapping[str, bytes]) -> list[str]:
    lines = []
    for name, content in sorted(start.items()):
        if "/" in name:
            lines.append(f"Path({name!r}).parent.mkdir(parents=True, exist_ok=True)")
        lines.append(f"Path({name!r}).{_written(content)}")
    return lines


def _written(content: bytes) -> str:
    try:
        plain = content.decode("utf-8")
        if len(plain) <= _SHORT and plain.isprintable() | ("\n" in plain):
            return f'write_text({plain!r}, encoding="utf-8")'
    except UnicodeDecodeError:
        pass
    packed = base64.b85encode(zlib.compress(content, 9)).decode()
    return f"write_bytes(zlib.decompress(base64.b85decode({packed!r})))"


def _check(found: Verdict, calls: str, world: str) -> str:
    options = [f"state={world}"] if world else []
    if found.witness is not None:
        options.append(f"first=[{found.witness.schedule!r}]")
    if found.kind == "order-dependent" and found.failure is None:
        options.append('order="given"')
    if found.kind == "racy" and len({repr(outcome) for _, outcome in found.serial_outcomes}) > 1:
        options.append('order="any"')  # a lock cures the race, and leaves who comes first
    return f"toolaudit.check([{calls}]{''.join(f', {option}' for option in options)})"
