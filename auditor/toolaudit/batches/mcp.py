"""MCP traffic: JSON-RPC requests `tools/call`. Requests that were open at the same time are one turn."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, several

NAME = "MCP"
_WRAPPERS = ("message", "payload", "data", "request", "response", "body")


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turns of a log of messages, or of one request; None for anything else."""
    if isinstance(value, dict):
        message = _message(value)
        return _of_messages([message], [place], complain) if message is not None and _is_call(message) else None
    messages = [_message(entry) for entry in value]
    if not any(message is not None and _is_call(message) for message in messages):
        return None
    numbers = getattr(value, "numbers", None)
    places = [f"{place}:{numbers[i]}" if numbers else f"{place}[{i}]" for i in range(len(messages))]
    return _of_messages(messages, places, complain)


def _message(entry: Any) -> dict[str, Any] | None:
    if not isinstance(entry, dict):
        return None
    if "jsonrpc" in entry or entry.get("method") == "tools/call":
        return entry
    return next((found for name in _WRAPPERS if isinstance(found := entry.get(name), dict) and "jsonrpc" in found), None)


def _is_call(message: dict[str, Any]) -> bool:
    return message.get("method") == "tools/call"


def _of_messages(messages: list[dict[str, Any] | None], places: list[str], complain: Complain) -> list[Turn]:
    found: list[Turn] = []
    waiting: list[tuple[Any, Any, Any, str]] = []
    unanswered: set[Any] = set()
    for message, place in zip(messages, places, strict=True):
        if message is None:
            continue
        if _is_call(message):
            if waiting and not unanswered:
                found.append(Turn(several(waiting, complain), NAME, waiting[0][3]))
                waiting = []
            given = message.get("params")
            params: dict[str, Any] = given if isinstance(given, dict) else {}
            unanswered.add(str(message.get("id")))
            waiting.append((params.get("name"), params.get("arguments"), str(message.get("id", "")), place))
        elif "id" in message:
            unanswered.discard(str(message["id"]))
    if waiting:
        found.append(Turn(several(waiting, complain), NAME, waiting[0][3]))
    return found
