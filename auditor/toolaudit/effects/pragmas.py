"""`# toolaudit: reads[file:{path}]`, `writes[...]`, `pure` on a function: what its author says instead of what its body shows."""

from __future__ import annotations

import re
from typing import get_args

from toolaudit.effects.frame import Frame, Summary
from toolaudit.effects.keys import normal_path
from toolaudit.effects.values import PLAIN, tidy
from toolaudit.facts import FunctionFacts
from toolaudit.model import KeyPart, Kind, Resource

_CLAUSE = re.compile(r"\b(reads|writes)\[([^\]]*)\]")
_HOLE = re.compile(r"\{([^{}]*)\}")
KINDS = frozenset(get_args(Kind))


def override(frame: Frame, facts: FunctionFacts) -> Summary | None:
    """The summary that a function's pragmas declare; None when it has none that speak of effects."""
    declared = False
    for pragma in facts.pragmas:
        if re.match(r"pure\b", pragma.text):
            declared = True
        for mode, clause in _CLAUSE.findall(pragma.text):
            for one in clause.split(","):
                declared |= _declare(frame, mode, one.strip(), pragma.line)
    return frame.summary(PLAIN, None) if declared else None


def _declare(frame: Frame, mode: str, text: str, line: int) -> bool:
    kind, _, key = text.partition(":")
    if kind not in KINDS:
        return False
    parts = template(key) or (KeyPart("any", "*"),)
    resource = Resource(kind, normal_path(parts) if kind in ("file", "dir") else parts)  # type: ignore[arg-type]
    if mode == "reads":
        frame.emit(resource, "r", "read", line, confidence="proven")
    else:
        frame.emit(resource, "w", "write", line, confidence="proven", repeat="unknown")
    return True


def template(key: str) -> tuple[KeyPart, ...]:
    """`{base}/{name}.json` as parts over the function's parameters."""
    out: list[KeyPart] = []
    at = 0
    for hole in _HOLE.finditer(key):
        out += [KeyPart("literal", key[at : hole.start()]), KeyPart("param", hole.group(1))]
        at = hole.end()
    out.append(KeyPart("literal", key[at:]))
    return tidy(out)
