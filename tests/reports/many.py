"""A scan of many tools, made up: as large as a merge of several frameworks' catalogues, the same on every run."""

from __future__ import annotations

from toolaudit_reports.document import (
    Answer,
    Conflict,
    Files,
    Finding,
    Ordering,
    Parameter,
    Resource,
    ResourceUse,
    Rule,
    ScanDocument,
    Step,
    Tool,
    UnknownCall,
)

CLASSES = ("read-only", "read-modify-write", "write-only", "pure", "unknown")
CODES = (
    ("TA101", "lost-update", "error"),
    ("TA102", "stale-read", "warning"),
    ("TA103", "last-writer-wins", "warning"),
)


def many(tools: int, per_store: int = 12) -> ScanDocument:
    """`tools` tools in files of ten; `per_store` neighbours share a store, and one in 25 shares a cache."""
    made = [_tool(number, per_store) for number in range(tools)]
    groups: dict[str, list[Tool]] = {}
    for tool in made:
        if tool.class_ in ("read-modify-write", "write-only", "read-only") and tool.resources:
            groups.setdefault(tool.resources[0].key, []).append(tool)
    conflicts = [
        _conflict(first, second, key)
        for key, members in sorted(groups.items())
        for place, first in enumerate(members)
        for second in members[place:]
        if "w" in first.resources[0].access or "w" in second.resources[0].access
    ]
    return ScanDocument(
        schema=1,
        version="0.1.0",
        roots=("agents",),
        runner="threads",
        files=Files(scanned=tools // 10, skipped=0, cached=0),
        tools=tuple(made),
        conflicts=tuple(conflicts),
        orderings=tuple(_ordering(made[number], made[number + 1]) for number in range(0, tools - 1, 50)),
        findings=tuple(_finding(tool) for tool in made if tool.class_ in ("unknown", "write-only")),
        rules=tuple(
            Rule(
                code=code,
                name=name,
                short="two calls, one resource",
                help_markdown="## What it does\n\nText.",
                severity=level,
            )
            for code, name, level in CODES
        ),
        sources={
            file: {line: f"    value = store.read('{line}')  # line {line}" for line in range(1, 200)}
            for file in sorted({tool.file for tool in made})
        },
    )


def _store(number: int, per_store: int) -> str:
    return "CACHE" if number % 25 == 0 else f"store_{number // per_store}.json"


def _tool(number: int, per_store: int) -> Tool:
    kind = CLASSES[number % 5]
    file, line = f"agents/toolkit_{number // 10}.py", 10 + 15 * (number % 10)
    access = {"read-only": "r", "write-only": "w"}.get(kind, "rmw")
    chain = (
        Step(file=file, line=line + 2, code="    notes = self._load(path)", note="calls _load", function=f"tool_{number}"),
        Step(file=file, line=line + 5, code="    value = json.loads(path.read_text())", note="reads here", access="r"),
        Step(file=file, line=line + 8, code="    path.write_text(json.dumps(value))", note="writes here", access="w"),
    )
    use = ResourceUse(
        kind="file",
        key=_store(number, per_store),
        access=access,
        secondary=False,
        atomic=False,
        locks=(),
        chain=chain[:2] if access == "r" else chain,
    )
    return Tool(
        id=f"{file}::Toolkit.tool_{number}",
        name=f"tool_{number}",
        file=file,
        line=line,
        function=f"Toolkit.tool_{number}",
        framework=("agno", "langchain", "strands")[number % 3],
        declared_by="decorator",
        async_=number % 4 == 0,
        runs="threads",
        parameters=(Parameter(name="path", annotation="str", required=True),),
        class_=kind,
        confidence="medium",
        opaque=False,
        atomic=Answer(value=kind != "read-modify-write", reason="reads the file, changes it, writes it back", line=line + 8),
        idempotent=Answer(value=None if kind == "unknown" else True, reason="a second equal call leaves the same file"),
        independent=Answer(value=kind == "pure", reason="reads what other tools write", line=line + 5),
        declared={"readOnlyHint": kind == "read-only"},
        resources=() if kind in ("pure", "unknown") else (use,),
        unknown_calls=(UnknownCall(callee="client.send", file=file, line=line + 3, reason="param-untyped", effect="may write"),)
        if kind == "unknown"
        else (),
        description=f"Does the thing that number {number} of this catalogue does.",
    )


def _conflict(first: Tool, second: Tool, key: str) -> Conflict:
    accesses = {first.resources[0].access, second.resources[0].access}
    code, _, severity = CODES[1] if "r" in accesses else CODES[0] if "rmw" in accesses else CODES[2]
    return Conflict(
        tools=(first.id, second.id),
        kind="race",
        code=code,
        resource=Resource(kind="file", key=key),
        when="a.path == b.path",
        failure="shared-state mutation",
        runners=("threads",),
        latent=False,
        severity=severity,
        confidence="high",
        message=f"{first.name} and {second.name} both touch {key} without a lock",
        evidence=(first.resources[0].chain, second.resources[0].chain),
        help="hold one lock over the read and the write",
        fingerprint=f"{code}-{first.name}-{second.name}",
    )


def _ordering(before: Tool, after: Tool) -> Ordering:
    return Ordering(
        before=before.id,
        after=after.id,
        failure="timing dependency",
        resource=Resource(kind="session", key="client"),
        message=f"{after.name} needs the session that {before.name} opens",
    )


def _finding(tool: Tool) -> Finding:
    code, name = ("TA902", "unresolved-effects") if tool.class_ == "unknown" else ("TA505", "undeclared")
    return Finding(
        code=code,
        name=name,
        severity="note",
        confidence="high",
        tools=(tool.id,),
        file=tool.file,
        line=tool.line,
        message=f"{tool.name}: something that a reader should know",
        help="declare it",
        fingerprint=f"{code}-{tool.name}",
        suppressed=False,
    )
