"""Pydantic AI messages: `ModelResponse.parts[]` of `part_kind` `tool-call`."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, several

NAME = "Pydantic AI"


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turn of one response; None for anything else."""
    parts = value.get("parts") if isinstance(value, dict) else None
    if not isinstance(parts, list):
        return None
    entries = [
        (part.get("tool_name"), part.get("args"), part.get("tool_call_id"), f"{place}.parts[{number}]")
        for number, part in enumerate(parts)
        if isinstance(part, dict) and part.get("part_kind") == "tool-call"
    ]
    return [Turn(several(entries, complain), NAME, place)] if entries else None
