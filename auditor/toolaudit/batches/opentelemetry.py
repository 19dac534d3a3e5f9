"""OpenTelemetry GenAI spans (OTLP JSON, or one span a line): `execute_tool` spans, and the tool calls that chat spans recorded.

What a chat span lists is one turn. Tool spans that no chat span lists are one turn as long as they overlap below one parent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from toolaudit.batches.model import BadEntry, Complain, Recorded, Turn, listed, recorded, several

NAME = "OpenTelemetry"
_TOOL, _ID, _ARGUMENTS = "gen_ai.tool.name", "gen_ai.tool.call.id", "gen_ai.tool.call.arguments"
_MESSAGES = "gen_ai.output.messages"


@dataclass(frozen=True)
class _Span:
    attributes: dict[str, Any]
    parent: str
    start: float | None
    end: float | None
    place: str


def turns(value: Any, place: str, complain: Complain) -> list[Turn] | None:
    """The turns of an export, or of a list of spans; None for anything else."""
    spans = [_span(entry, where) for entry, where in _entries(value, place)]
    mine = [span for span in spans if _TOOL in span.attributes or _MESSAGES in span.attributes]
    if not mine:
        return None
    mine.sort(key=lambda span: span.start if span.start is not None else 0.0)
    ran = [(span, call) for span in mine if _TOOL in span.attributes and (call := _ran(span, complain)) is not None]
    times = {call.id: call for _, call in ran if call.id}
    found, listed = [], set()
    for span in mine:
        if _MESSAGES in span.attributes:
            calls = tuple(_timed(call, times.get(call.id)) for call in _asked(span, complain))
            listed |= {call.id for call in calls if call.id}
            found.append((span.start or 0.0, Turn(calls, NAME, span.place)))
    rest = [(span, call) for span, call in ran if call.id not in listed]
    found += [(group[0][0].start or 0.0, Turn(tuple(call for _, call in group), NAME, group[0][0].place)) for group in _overlapping(rest)]
    return [turn for _, turn in sorted(found, key=lambda pair: pair[0])]


def _entries(value: Any, place: str) -> Iterator[tuple[dict[str, Any], str]]:
    if isinstance(value, list):
        numbers = getattr(value, "numbers", None)
        for number, entry in enumerate(value):
            if isinstance(entry, dict):
                where = f"{place}:{numbers[number]}" if numbers else f"{place}[{number}]"
                yield from _entries(entry, where)
        return
    groups = value.get("resourceSpans") or value.get("resource_spans")
    if not isinstance(groups, list):
        if "attributes" in value:
            yield value, place
        return
    for i, group in enumerate(groups):
        scopes = listed(group.get("scopeSpans") or group.get("scope_spans")) if isinstance(group, dict) else []
        for j, scope in enumerate(scopes):
            for k, span in enumerate(listed(scope.get("spans")) if isinstance(scope, dict) else []):
                if isinstance(span, dict):
                    yield span, f"{place}: resourceSpans[{i}].scopeSpans[{j}].spans[{k}]"


def _span(entry: dict[str, Any], place: str) -> _Span:
    raw = entry.get("attributes")
    if isinstance(raw, list):
        raw = {str(item.get("key")): _plain(item.get("value")) for item in raw if isinstance(item, dict)}
    parent = entry.get("parentSpanId") or entry.get("parent_span_id") or entry.get("parent_id") or ""
    start = _seconds(entry.get("startTimeUnixNano") or entry.get("start_time_unix_nano") or entry.get("start_time"))
    end = _seconds(entry.get("endTimeUnixNano") or entry.get("end_time_unix_nano") or entry.get("end_time"))
    return _Span(raw if isinstance(raw, dict) else {}, str(parent), start, end, place)


def _plain(value: Any) -> Any:
    """An OTLP value: `{"stringValue": "…"}`, `{"kvlistValue": {"values": […]}}`."""
    if not isinstance(value, dict):
        return value
    if "kvlistValue" in value:
        return {item.get("key"): _plain(item.get("value")) for item in _values(value["kvlistValue"]) if isinstance(item, dict)}
    if "arrayValue" in value:
        return [_plain(item) for item in _values(value["arrayValue"])]
    if "intValue" in value:
        return int(value["intValue"]) if str(value["intValue"]).lstrip("-").isdigit() else None
    return next(iter(value.values()), None)


def _values(value: Any) -> list[Any]:
    return listed(value.get("values")) if isinstance(value, dict) else []


def _seconds(value: Any) -> float | None:
    if isinstance(value, str) and not value.isdigit():
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            return None
    return int(value) / 1e9 if isinstance(value, str | int | float) else None


def _ran(span: _Span, complain: Complain) -> Recorded | None:
    attributes = span.attributes
    if _ARGUMENTS not in attributes:
        complain(f"{span.place}: the span of {attributes[_TOOL]} has no `{_ARGUMENTS}` (recording of content is off), so it cannot be run")
        return None
    try:
        call = recorded(attributes[_TOOL], attributes[_ARGUMENTS], attributes.get(_ID), span.place)
    except BadEntry as error:
        complain(str(error))
        return None
    return replace(call, start=span.start, end=span.end)


def _asked(span: _Span, complain: Complain) -> tuple[Recorded, ...]:
    messages = span.attributes[_MESSAGES]
    if isinstance(messages, str):
        try:
            messages = json.loads(messages)
        except ValueError as error:
            complain(f"{span.place}: `{_MESSAGES}` is not valid JSON ({error})")
            return ()
    parts = [part for message in listed(messages) if isinstance(message, dict) for part in listed(message.get("parts"))]
    return several(
        [
            (part.get("name"), part.get("arguments"), part.get("id"), span.place)
            for part in parts
            if isinstance(part, dict) and part.get("type") == "tool_call"
        ],
        complain,
    )


def _timed(call: Recorded, ran: Recorded | None) -> Recorded:
    return call if ran is None else replace(call, start=ran.start, end=ran.end)


def _overlapping(spans: list[tuple[_Span, Recorded]]) -> list[list[tuple[_Span, Recorded]]]:
    groups: list[list[tuple[_Span, Recorded]]] = []
    for span, call in spans:
        group = next((g for g in reversed(groups) if g[0][0].parent == span.parent and _open(g, span)), None)
        if group is not None:
            group.append((span, call))
        else:
            groups.append([(span, call)])
    return groups


def _open(group: list[tuple[_Span, Recorded]], span: _Span) -> bool:
    """Whether some call of the group was still running when this one began; without times all below one parent are one turn."""
    return any(other.end is None or span.start is None or span.start < other.end for other, _ in group)
