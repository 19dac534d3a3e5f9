"""Recorded batches: each format says the same two notes in one turn and a list in the next, and is read as that."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolaudit.batches import BadEntry, read, read_text

A, B = {"text": "a"}, {"text": "b"}


def function(identity: str, name: str, arguments: Any) -> dict[str, Any]:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def span(name: str, start: int, end: int, parent: str = "p", **attributes: Any) -> dict[str, Any]:
    """An OTLP span; times are in seconds."""
    pairs = [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()]
    nanos = {"startTimeUnixNano": str(start * 10**9), "endTimeUnixNano": str(end * 10**9)}
    return {"name": name, "spanId": f"{name}{start}", "parentSpanId": parent, **nanos, "attributes": pairs}


def tool_span(identity: str, name: str, arguments: Any, start: int, end: int) -> dict[str, Any]:
    told = {"gen_ai__tool__name": name, "gen_ai__tool__call__id": identity, "gen_ai__tool__call__arguments": json.dumps(arguments)}
    return span(f"execute_tool {name}", start, end, **told)


def otlp(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "agent"}, "spans": list(spans)}]}]}


def rpc(identity: int, name: str, arguments: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


CHAT = [
    {"role": "user", "content": "note a and b, then list"},
    {"role": "assistant", "content": None, "tool_calls": [function("c1", "add_note", A), function("c2", "add_note", B)]},
    {"role": "tool", "tool_call_id": "c1", "content": "saved"},
    {"role": "tool", "tool_call_id": "c2", "content": "saved"},
    {"role": "assistant", "tool_calls": [function("c3", "list_notes", {})]},
]
RESPONSES = [
    {"type": "reasoning", "id": "r1", "summary": []},
    {"type": "function_call", "id": "f1", "call_id": "c1", "name": "add_note", "arguments": '{"text": "a"}'},
    {"type": "function_call", "id": "f2", "call_id": "c2", "name": "add_note", "arguments": '{"text": "b"}'},
    {"type": "function_call_output", "call_id": "c1", "output": "saved"},
    {"type": "function_call_output", "call_id": "c2", "output": "saved"},
    {"type": "function_call", "id": "f3", "call_id": "c3", "name": "list_notes", "arguments": "{}"},
]
USES = [{"type": "tool_use", "id": f"t{n}", "name": "add_note", "input": given} for n, given in ((1, A), (2, B))]
LIST = {"type": "tool_use", "id": "t3", "name": "list_notes", "input": {}}
ANTHROPIC = [
    {"role": "user", "content": "note a and b, then list"},
    {"role": "assistant", "content": [{"type": "text", "text": "Both."}, *USES]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "saved"}]},
    {"role": "assistant", "content": [LIST]},
]
CLAUDE_CODE = [
    {"type": "assistant", "message": {"id": identity, "role": "assistant", "content": [block]}}
    for identity, block in (("m1", USES[0]), ("m1", USES[1]), ("m2", LIST))
]
GEMINI = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"functionCall": {"name": "add_note", "args": given}} for given in (A, B)]}},
        {"content": {"role": "model", "parts": [{"functionCall": {"name": "list_notes", "args": {}}}]}},
    ]
}
GEMINI_SNAKE = [
    {"role": "model", "parts": [{"function_call": {"name": "add_note", "args": given, "id": "x"}} for given in (A, B)]},
    {"role": "model", "parts": [{"function_call": {"name": "list_notes", "args": None}}]},
]
BEDROCK = [
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": str(n), "name": "add_note", "input": g}} for n, g in ((1, A), (2, B))]},
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "3", "name": "list_notes", "input": {}}}]},
]
LANGCHAIN = [
    {
        "type": "ai",
        "data": {
            "content": "",
            "additional_kwargs": {"tool_calls": [function("c1", "add_note", A), function("c2", "add_note", B)]},
            "tool_calls": [{"name": "add_note", "args": g, "id": i, "type": "tool_call"} for i, g in (("c1", A), ("c2", B))],
            "invalid_tool_calls": [],
        },
    },
    {"lc": 1, "type": "constructor", "id": ["AIMessage"], "kwargs": {"tool_calls": [{"name": "list_notes", "args": {}, "id": "c3"}]}},
]
PYDANTIC_AI = [
    {
        "kind": "response",
        "parts": [
            {"part_kind": "tool-call", "tool_name": "add_note", "args": '{"text": "a"}', "tool_call_id": "1"},
            {"part_kind": "tool-call", "tool_name": "add_note", "args": B, "tool_call_id": "2"},
        ],
    },
    {"kind": "response", "parts": [{"part_kind": "tool-call", "tool_name": "list_notes", "args": None, "tool_call_id": "3"}]},
]
MCP = [
    rpc(1, "add_note", A),
    rpc(2, "add_note", B),
    {"jsonrpc": "2.0", "id": 2, "result": {}},
    {"jsonrpc": "2.0", "id": 1, "result": {}},
    rpc(3, "list_notes", {}),
]
TOOL_SPANS = [tool_span("1", "add_note", A, 1, 4), tool_span("2", "add_note", B, 2, 5), tool_span("3", "list_notes", {}, 6, 7)]
SPANS = otlp(*TOOL_SPANS)
ASKED = json.dumps(
    [{"role": "assistant", "parts": [{"type": "tool_call", "id": i, "name": "add_note", "arguments": g} for i, g in (("1", A), ("2", B))]}]
)
SERIAL_SPANS = otlp(
    span("chat", 0, 1, gen_ai__output__messages=ASKED),
    tool_span("1", "add_note", A, 1, 2),
    tool_span("2", "add_note", B, 2, 3),
    tool_span("3", "list_notes", {}, 6, 7),
)
FLAT_SPANS = [
    {"parent_id": "p", "start_time": f"2026-01-01T00:00:0{start}Z", "end_time": f"2026-01-01T00:00:0{end}Z",
     "attributes": {"gen_ai.tool.name": name, "gen_ai.tool.call.arguments": given}}
    for name, given, start, end in (("add_note", A, 1, 4), ("add_note", B, 2, 5), ("list_notes", {}, 6, 7))
]  # fmt: skip
OWN = [[{"tool": "add_note", "arguments": A}, {"tool": "add_note", "arguments": B}], [{"tool": "list_notes"}]]

WHOLE = {
    "chat messages": CHAT,
    "chat response": [{"choices": [{"message": message}]} for message in (CHAT[1], CHAT[4])],
    "responses": {"object": "response", "output": RESPONSES},
    "anthropic": {"messages": ANTHROPIC},
    "gemini": GEMINI,
    "gemini snake case": GEMINI_SNAKE,
    "bedrock": BEDROCK,
    "langchain": LANGCHAIN,
    "pydantic ai": PYDANTIC_AI,
    "mcp": MCP,
    "otlp": SPANS,
    "otlp with chat spans": SERIAL_SPANS,
    "spans": FLAT_SPANS,
    "own": OWN,
}
LINES = {
    "chat": CHAT,
    "codex": [{"timestamp": "t", "type": "response_item", "payload": item} for item in RESPONSES],
    "claude code": CLAUDE_CODE,
    "mcp proxy": [{"at": 1, "direction": "in", "message": message} for message in MCP],
    "spans": FLAT_SPANS,
    "own": OWN,
}


def said(text: str) -> list[list[tuple[str, dict[str, Any]]]]:
    recording = read_text(text, "log")
    assert recording.problems == ()
    return [[(call.tool, dict(call.arguments)) for call in turn.calls] for turn in recording.turns]


WANTED = [[("add_note", A), ("add_note", B)], [("list_notes", {})]]


@pytest.mark.parametrize("value", WHOLE.values(), ids=WHOLE)
def test_json(value: Any) -> None:
    assert said(json.dumps(value)) == WANTED


@pytest.mark.parametrize("values", LINES.values(), ids=LINES)
def test_json_lines(values: list[Any]) -> None:
    assert said("\n\n".join(json.dumps(value) for value in values)) == WANTED


def test_ids_places_and_times() -> None:
    calls = read_text(json.dumps(SERIAL_SPANS), "trace.json").turns[0].calls
    assert [(call.id, call.start, call.end) for call in calls] == [("1", 1.0, 2.0), ("2", 2.0, 3.0)]
    call = read_text(json.dumps({"messages": CHAT}), "t.json").turns[0].calls[1]
    assert (call.id, call.place) == ("c2", "t.json: messages[1].tool_calls[1]")
    assert read_text("\n".join(map(json.dumps, CLAUDE_CODE)), "t.jsonl").turns[1].calls[0].place == "t.jsonl:3.message.content[0]"


def test_gemini_numbers_are_whole() -> None:
    text = json.dumps({"parts": [{"functionCall": {"name": "wait", "args": {"n": 3.0, "x": 0.5, "many": [1.0]}}}]})
    assert said(text) == [[("wait", {"n": 3, "x": 0.5, "many": [1]})]]


BROKEN = {
    "chat arguments": (
        {"tool_calls": [function("1", "f", {}), {"id": "2", "function": {"name": "add_note", "arguments": '{"text": '}}]},
        "log.tool_calls[1]: the arguments of add_note are not valid JSON (Expecting value: line 1 column 10 (char 9))",
    ),
    "a list": ([{"tool": "add_note", "arguments": [1]}], "log[0]: the arguments of add_note are a list, expected an object"),
    "no name": ({"content": [{"type": "tool_use", "id": "1", "input": {}}]}, "log.content[0]: the call has no tool name (expected a text)"),
    "no function": (
        {"tool_calls": [function("1", "f", {}), {"id": "2"}]},
        "log.tool_calls[1]: expected an object `function` with `name` and `arguments`",
    ),
    "langchain": (
        {"tool_calls": [], "invalid_tool_calls": [{"name": "add_note", "args": "{", "error": "cut off"}]},
        "log.invalid_tool_calls[0]: add_note could not be read: cut off",
    ),
    "spans without content": (
        otlp(span("execute_tool f", 1, 2, gen_ai__tool__name="f")),
        "log: resourceSpans[0].scopeSpans[0].spans[0]: the span of f has no `gen_ai.tool.call.arguments` (recording of content is off), "
        "so it cannot be run",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("value", "line"), BROKEN.values(), ids=BROKEN)
def test_broken_entries_are_named_and_the_rest_is_read(value: Any, line: str) -> None:
    recording = read_text(json.dumps(value), "log")
    assert recording.problems == (line,)
    assert [call.tool for turn in recording.turns for call in turn.calls] == (
        ["f"] if '"name": "f"' in json.dumps(value.get("tool_calls") if isinstance(value, dict) else 0) else []
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "log: the file is empty"),
        (
            "{\n  nope",
            "log:2:3: not valid JSON (Expecting property name enclosed in double quotes); expected JSON, or one JSON value a line",
        ),
        ("just words", "log:1:1: not valid JSON"),
        ("[1, 2]", "log: no tool call found (known formats: OpenAI chat, LangChain messages, Anthropic messages, Gemini, Bedrock,"),
        ("[" * 100_000, "log: nested too deeply to be a transcript"),
    ],
)
def test_files_without_a_batch(text: str, line: str) -> None:
    with pytest.raises(BadEntry) as caught:
        read_text(text, "log")
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_a_broken_line_is_named() -> None:
    recording = read_text('{"tool": "f"}\n{"tool": \n{"tool": "g"}', "log")
    assert [call.tool for turn in recording.turns for call in turn.calls] == ["f", "g"]
    assert recording.problems == ("log:2: not valid JSON (Expecting value: line 1 column 10 (char 9))",)


def test_files(tmp_path: Path) -> None:
    with pytest.raises(BadEntry, match=r"missing\.json: No such file"):
        read(tmp_path / "missing.json")
    (tmp_path / "latin.json").write_bytes(b'["\xe9"]')
    with pytest.raises(BadEntry, match="not UTF-8"):
        read(tmp_path / "latin.json")
    (tmp_path / "bom.json").write_bytes(b'\xef\xbb\xbf[{"tool": "f"}]')
    assert len(read(tmp_path / "bom.json").turns) == 1


KEYS = st.sampled_from(
    [
        "tool",
        "arguments",
        "tool_calls",
        "function",
        "name",
        "args",
        "content",
        "type",
        "input",
        "parts",
        "functionCall",
        "attributes",
        "jsonrpc",
        "method",
        "params",
        "id",
        "payload",
        "resourceSpans",
        "scopeSpans",
        "spans",
        "key",
        "value",
        "gen_ai.tool.name",
        "gen_ai.output.messages",
        "invalid_tool_calls",
        "toolUse",
        "part_kind",
    ]
)
ATOMS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(["tool_use", "tools/call", "function_call", "tool-call", "f", "{}", "["])
)
VALUES = st.recursive(ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20)


@given(VALUES)
def test_any_json_is_read_or_refused_in_one_line(value: Any) -> None:
    try:
        recording = read_text(json.dumps(value), "log")
    except BadEntry as error:
        assert "\n" not in str(error)
    else:
        assert recording.turns or recording.problems
        assert all("\n" not in problem for problem in recording.problems)
