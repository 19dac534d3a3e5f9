"""Anthropic messages: `tool_use` blocks of one assistant message. Claude Code writes one line a block, with one message id."""

from __future__ import annotations

from typing import Any

from toolaudit.batches.model import Complain, Turn, several

NAME = "Anthropic messages"


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turn of one message, or of its list of blocks; None for anything else."""
    blocks, where, group = value, place, ""
    if isinstance(value, dict):
        blocks, where = value.get("content"), f"{place}.content"
        group = str(value.get("id") or "")
    if not isinstance(blocks, list) or not any(isinstance(block, dict) and block.get("type") == "tool_use" for block in blocks):
        return None
    entries = [
        (block.get("name"), block.get("input"), block.get("id"), f"{where}[{number}]")
        for number, block in enumerate(blocks)
        if isinstance(block, dict) and block.get("type") == "tool_use"
    ]
    return [Turn(several(entries, complain), NAME, place, group)]
