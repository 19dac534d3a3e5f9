"""OpenAI Chat Completions: an assistant message with `tool_calls[].function`, its arguments as JSON text."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, several

NAME = "OpenAI chat"


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turn of one message; None for anything else."""
    calls = value.get("tool_calls") if isinstance(value, dict) else None
    if not isinstance(calls, list) or not calls or not all(isinstance(call, dict) for call in calls):
        return None
    if not any(isinstance(call.get("function"), dict) for call in calls):
        return None
    entries = []
    for number, call in enumerate(calls):
        function = call.get("function")
        where = f"{place}.tool_calls[{number}]"
        if not isinstance(function, dict):
            complain(f"{where}: expected an object `function` with `name` and `arguments`")
            continue
        entries.append((function.get("name"), function.get("arguments"), call.get("id"), where))
    return [Turn(several(entries, complain), NAME, place)]
