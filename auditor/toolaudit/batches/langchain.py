"""LangChain messages: `AIMessage.tool_calls` with `name` and `args`; `additional_kwargs` repeats them, `invalid_tool_calls` could not be read."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, listed, several

NAME = "LangChain messages"


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turn of one message; None for anything else."""
    if not isinstance(value, dict):
        return None
    calls, invalid = value.get("tool_calls"), value.get("invalid_tool_calls")
    if not _of_langchain(calls) and not (_of_langchain(invalid) and calls == []):
        return None
    entries = [
        (call.get("name"), call.get("args"), call.get("id"), f"{place}.tool_calls[{number}]") for number, call in enumerate(listed(calls))
    ]
    for number, call in enumerate(listed(invalid)):
        if isinstance(call, dict):
            complain(
                f"{place}.invalid_tool_calls[{number}]: {call.get('name')} could not be read: {call.get('error') or 'invalid arguments'}"
            )
    return [Turn(several(entries, complain), NAME, place)]


def _of_langchain(calls: Any) -> bool:
    return isinstance(calls, list) and bool(calls) and all(isinstance(call, dict) and "name" in call and "args" in call for call in calls)
