"""OpenAI Responses API: `function_call` items; those between two outputs are one turn."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, several

NAME = "OpenAI responses"
_ENDS = ("function_call_output", "message")


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turns of a list of items, or of a log of such items (`payload`); None for anything else."""
    if isinstance(value, dict):
        return _of_items([value], [place], complain) if value.get("type") == "function_call" and "name" in value else None
    items = [_item(entry) for entry in value]
    if not any(item is not None and item.get("type") == "function_call" for item in items):
        return None
    numbers = getattr(value, "numbers", None)
    places = [f"{place}:{numbers[i]}" if numbers else f"{place}[{i}]" for i in range(len(items))]
    return _of_items(items, places, complain)


def _item(entry: Any) -> dict[str, Any] | None:
    if not isinstance(entry, dict):
        return None
    payload = entry.get("payload")
    return payload if isinstance(payload, dict) and "type" in payload else entry


def _of_items(items: list[dict[str, Any] | None], places: list[str], complain: Complain) -> list[Turn]:
    found: list[Turn] = []
    waiting: list[tuple[Any, Any, Any, str]] = []
    for item, place in zip([*items, {"type": "message"}], [*places, ""], strict=True):
        kind = item.get("type") if item is not None else None
        if item is not None and kind == "function_call":
            waiting.append((item.get("name"), item.get("arguments"), item.get("call_id") or item.get("id"), place))
        elif kind in _ENDS and waiting:
            found.append(Turn(several(waiting, complain), NAME, waiting[0][3]))
            waiting = []
    return found
