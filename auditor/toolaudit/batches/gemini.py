"""Gemini: `functionCall` parts (REST) or `function_call` parts (Python) of one content."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, several

NAME = "Gemini"


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turn of one content, or of its list of parts; None for anything else."""
    parts, where = (value.get("parts"), f"{place}.parts") if isinstance(value, dict) else (value, place)
    if not isinstance(parts, list):
        return None
    found = [(number, _call(part)) for number, part in enumerate(parts)]
    entries = [
        (call.get("name"), _whole(call.get("args")), call.get("id"), f"{where}[{number}]") for number, call in found if call is not None
    ]
    return [Turn(several(entries, complain), NAME, place)] if entries else None


def _call(part: Any) -> dict[str, Any] | None:
    call = (part.get("functionCall") or part.get("function_call")) if isinstance(part, dict) else None
    return call if isinstance(call, dict) else None


def _whole(value: Any) -> Any:
    """Numbers arrive as floats: 3.0 was meant as 3."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _whole(inner) for key, inner in value.items()}
    return [_whole(inner) for inner in value] if isinstance(value, list) else value
