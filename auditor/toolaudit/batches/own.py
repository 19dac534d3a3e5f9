"""Our own: `[{"tool": "add_note", "arguments": {…}}, …]`, a list of such lists, or one object a line."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, several

NAME = "toolaudit"


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turn of a list of calls; None for anything else."""
    if isinstance(value, dict):
        return [Turn(_calls([(value, place)], complain), NAME, place)] if isinstance(value.get("tool"), str) else None
    if not value or not all(isinstance(call, dict) for call in value) or not any("tool" in call for call in value):
        return None
    numbers = getattr(value, "numbers", None)
    placed = [(call, f"{place}:{numbers[i]}" if numbers else f"{place}[{i}]") for i, call in enumerate(value)]
    return [Turn(_calls(placed, complain), NAME, place)]


def _calls(placed: list[tuple[dict[str, Any], str]], complain: Complain) -> Any:
    return several([(call.get("tool"), call.get("arguments"), call.get("id"), where) for call, where in placed], complain)
