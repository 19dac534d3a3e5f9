"""What must come first, and the coupling graph."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from toolaudit import export
from toolaudit.verdicts.graph import coupling, draw, of_document

CASES = [
    ("a current value", "a(x)\n w write memory:{self.branch}\n\nb()\n r read memory:{self.branch}", [("a", "b", "context dependency")]),
    ("a page", "a(url)\n w session browser:{self.page}\n\nb()\n r read browser:{self.page}", [("a", "b", "context dependency")]),
    ("the folder", "a(d)\n w write cwd:\n\nb()\n r read cwd:", [("a", "b", "context dependency")]),
    ("both set it", "a(x)\n w write memory:{self.x}\n\nb(x)\n r read memory:{self.x}\n w write memory:{self.x}", []),
    (
        "each needs the other",
        "a(x)\n w write memory:{self.x}\n r read memory:{self.y}\n\nb()\n w write memory:{self.y}\n r read memory:{self.x}",
        [],
    ),
    ("create and use", "a(n)\n w create docker:{n}\n\nb(m)\n w update docker:{m}", [("a", "b", "timing dependency")]),
    ("create with a fresh id", "a()\n w create sql:jobs[{new}]\n\nb(m)\n r read sql:jobs[{m}]", [("a", "b", "timing dependency")]),
    (
        "an entry of a map",
        "a(n)\n w write memory:{global.M}[{n}]\n\nb(n)\n r read memory:{global.M}[{n}]",
        [("a", "b", "timing dependency")],
    ),
    ("it makes its own", "a(n)\n w create sql:x[{n}]\n\nb(n)\n r check sql:x[{n}]\n w create sql:x[{n}] <- 0 control io", []),
    (
        "a row and who changes it",
        "a(n)\n w append sql:acc\n\nb(n)\n r read sql:acc\n w update sql:acc <- 0 data io",
        [("a", "b", "timing dependency")],
    ),
    ("a row and who reads it", "a(n)\n w append sql:acc\n\nb(n)\n r read sql:acc", []),
    ("other things", "a(n)\n w create sql:x\n\nb(n)\n r read sql:y", []),
    ("a file may be there already", "a(p, t)\n w write file:{p}\n\nb(p)\n r read file:{p}", []),
    ("a shell is no maker", "a(c) opaque=shell\n rw opaque subprocess:{c}\n\nb(n)\n r read memory:{global.M}", []),
]


@pytest.mark.parametrize(("text", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_an_order(scan_of, text: str, expected: list[tuple[str, str, str]]) -> None:
    scan = scan_of(text)
    names = {tool.id: tool.name for tool in scan.tools}
    assert [(names[o.before], names[o.after], o.failure) for o in scan.orderings] == expected


def test_the_graph_has_tools_edges_and_groups(scan_of) -> None:
    scan = scan_of(
        "a(x)\n w write memory:{self.x}\n\nb()\n r read memory:{self.x}\n\nc(t)\n r read file:n\n w write file:n <- 0 data io\n\nd(p)\n r read file:m"
    )
    graph = coupling(scan.tools, scan.conflicts, scan.orderings)
    short = dict(graph.nodes)
    assert sorted(short.values()) == ["a", "b", "c", "d"]
    assert [(short[e.first], short[e.second], e.kind, e.labels) for e in graph.edges] == [
        ("a", "a", "order", ("memory:self:x",)),
        ("a", "b", "before", ("memory:self:x",)),
        ("a", "b", "order", ("memory:self:x",)),
        ("c", "c", "race", ("file:n",)),
    ]
    assert [[short[i] for i in group] for group in graph.groups] == [["a", "b"]]


def test_the_graph_of_a_document_is_the_graph_of_the_scan(scan_of) -> None:
    scan = scan_of("a(x)\n w write memory:{self.x}\n\nb()\n r read memory:{self.x}")
    assert of_document(export.draft(scan).whole) == coupling(scan.tools, scan.conflicts, scan.orderings)


def test_the_graph_as_text(scan_of) -> None:
    document = export.draft(scan_of("a(x)\n w write memory:{self.x}\n\nb()\n r read memory:{self.x}")).whole
    assert draw(document, "mermaid").splitlines() == [
        "graph LR",
        '  t0["a"]',
        '  t1["b"]',
        '  t0 -.-|"order: memory:self:x"| t0',
        '  t0 -->|"before: memory:self:x"| t1',
        '  t0 -.-|"order: memory:self:x"| t1',
    ]
    assert '"tools.py::a" -> "tools.py::b" [label="before: memory:self:x", color=blue];' in draw(document, "dot")
    assert json.loads(draw(document, "json"))["nodes"] == [["tools.py::a", "a"], ["tools.py::b", "b"]]


def test_names_cannot_break_out_of_the_drawing(scan_of) -> None:
    tool = structs.replace(export.draft(scan_of("a()")).whole.tools[0], name='"]; click x "javascript:1')
    document = structs.replace(export.draft(scan_of("a()")).whole, tools=(tool,))
    assert draw(document, "mermaid").splitlines()[1] == '  t0["#34;]#59; click x #34;javascript:1"]'
    assert '[label="\\"]; click x \\"javascript:1"]' in draw(document, "dot")
