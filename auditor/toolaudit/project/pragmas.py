"""`# toolaudit: …` comments of a piece of source."""

from __future__ import annotations

import io
import re
import tokenize

from toolaudit.facts import Pragma

OURS = "toolaudit:"
_PRAGMA = re.compile(r"#\s*toolaudit:\s*(.*?)\s*$")


def pragmas(text: str, first_line: int = 1) -> tuple[Pragma, ...]:
    """The pragmas in `text`, whose first line is `first_line` of its file. Only comments count, never strings."""
    if OURS not in text:
        return ()
    found: list[Pragma] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                match = _PRAGMA.search(token.string)
                if match:
                    found.append(Pragma(token.start[0] + first_line - 1, match[1]))
    except (tokenize.TokenError, SyntaxError):  # the parser decides what is readable; a pragma before the fault still counts
        pass
    return tuple(found)
