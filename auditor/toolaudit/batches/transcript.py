"""A file of any recorded format → turns. Formats are tried on each object and list, from the outside in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolaudit.batches import anthropic, bedrock, gemini, langchain, mcp, openai_chat, openai_responses, opentelemetry, own, pydantic_ai
from toolaudit.batches.model import BadEntry, Complain, Recording, Turn

FORMATS = (openai_chat, langchain, anthropic, gemini, bedrock, pydantic_ai, openai_responses, mcp, opentelemetry, own)
_DEEPEST = 40


def read(file: Path) -> Recording:
    """The turns of a file. Raises BadEntry, in one line, for a file that cannot be read, is no JSON, or holds no tool call."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadEntry(f"{file}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise BadEntry(f"{file}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    return read_text(text, str(file))


def read_text(text: str, name: str = "-") -> Recording:
    """As `read`, of a text; `name` is what places begin with."""
    problems: list[str] = []
    value = _parsed(text, name, problems.append)
    turns = _joined(_turns(value, name, problems.append, 0))
    if not turns and not problems:
        known = ", ".join(form.NAME for form in FORMATS)
        raise BadEntry(f"{name}: no tool call found (known formats: {known})")
    return Recording(tuple(turns), tuple(problems))


class _Lines(list[Any]):
    """The values of a JSONL file, each with the number of its line."""

    numbers: list[int]


def _parsed(text: str, name: str, complain: Complain) -> Any:
    if not text.strip():
        raise BadEntry(f"{name}: the file is empty")
    try:
        return json.loads(text)
    except RecursionError:
        raise BadEntry(f"{name}: nested too deeply to be a transcript") from None
    except ValueError as error:
        failure = error
    lines = _Lines()
    lines.numbers = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                lines.append(json.loads(line))
                lines.numbers.append(number)
            except (ValueError, RecursionError) as error:
                if not lines:
                    raise _not_json(failure, name) from None
                complain(f"{name}:{number}: not valid JSON ({error})")
    if all(not isinstance(value, dict | list) for value in lines):
        raise _not_json(failure, name)
    return lines


def _not_json(error: ValueError, name: str) -> BadEntry:
    line, column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
    return BadEntry(f"{name}:{line}:{column}: not valid JSON ({getattr(error, 'msg', error)}); expected JSON, or one JSON value a line")


def _turns(value: Any, place: str, complain: Complain, depth: int) -> list[Turn]:
    if depth > _DEEPEST or not isinstance(value, dict | list):
        return []
    for form in FORMATS:
        found: list[Turn] | None = form.turns(value, place, complain)
        if found is not None:
            return found
    if isinstance(value, dict):
        pairs = [(f"{place}{'.' if depth else ': '}{key}", inner) for key, inner in value.items()]
    else:
        pairs = [(_element(value, number, place), inner) for number, inner in enumerate(value)]
    return [turn for where, inner in pairs for turn in _turns(inner, where, complain, depth + 1)]


def _element(value: Sequence[Any], number: int, place: str) -> str:
    return f"{place}:{value.numbers[number]}" if isinstance(value, _Lines) else f"{place}[{number}]"


def _joined(turns: list[Turn]) -> list[Turn]:
    """Turns without calls left out; neighbours of one group as one turn, each call once."""
    joined: list[Turn] = []
    for turn in turns:
        if not turn.calls:
            continue
        last = joined[-1] if joined else None
        if last is not None and turn.group and turn.group == last.group:
            known = {call.id for call in last.calls if call.id}
            calls = last.calls + tuple(call for call in turn.calls if call.id not in known)
            joined[-1] = Turn(calls, last.format, last.place, last.group)
        else:
            joined.append(turn)
    return joined
