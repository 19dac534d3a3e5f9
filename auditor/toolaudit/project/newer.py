"""Source in a newer grammar than the running Python's → the same source in an older one, every line and column kept.

Type aliases and type parameters (PEP 695), f-strings that reuse their quotes or hold a backslash (PEP 701), template strings (PEP 750) and
`except A, B:` (PEP 758). What cannot be kept in place is left as it is, and the parser then says what it cannot read.
"""

from __future__ import annotations

import re

_HINT = re.compile(
    r"""^[ \t]*type[ \t]+\w+[ \t]*[=\[]|\b(?:def|class)[ \t]+\w+[ \t]*\[|^[ \t]*except\b[^\n:(]*,|[fFtT][rR]?["']""", re.MULTILINE
)
_ALIAS = re.compile(r"^[ \t]*type([ \t]+)[^\W\d]\w*[ \t]*(\[|=(?!=))", re.MULTILINE)
_GENERIC = re.compile(r"\b(?:def|class)[ \t]+[^\W\d]\w*[ \t]*(\[)")
_EXCEPT = re.compile(r"^[ \t]*except\*?[ \t]+([^\n:]*):", re.MULTILINE)
_PREFIX = re.compile(r"(?<!\w)[A-Za-z]{1,2}\Z")
_DEEPEST = 8


def lowered(text: str) -> str | None:
    """The text in the older grammar; None when nothing in it is newer."""
    if not _HINT.search(text):
        return None
    made = list(text)
    code = _Strings(text, made).code()
    for match in _ALIAS.finditer(code):
        made[match.start(1)] = ";"
        if match[2] == "[":
            _blank(code, match.start(2), made)
    for match in _GENERIC.finditer(code):
        _blank(code, match.start(1), made)
    for match in _EXCEPT.finditer(code):
        _join(match[1], match.start(1), made)
    found = "".join(made)
    return found if found != text else None


def _blank(code: str, start: int, made: list[str]) -> None:
    """Type parameters become spaces; a line end among them is continued."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] == "[") - (code[at] == "]")
        if code[at] == "\n":
            made[at - 1] = "\\"
        else:
            made[at] = " "
        if depth == 0:
            return


def _join(classes: str, start: int, made: list[str]) -> None:
    """`except A, B` as `except A| B`."""
    depth = 0
    for at, char in enumerate(classes):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            made[start + at] = "|"


class _Strings:
    """Walks over the strings and comments of a text; rewrites those that an older grammar does not know."""

    def __init__(self, text: str, made: list[str]) -> None:
        self.text = text
        self.made = made

    def code(self) -> str:
        """The text with spaces for what stands in strings and comments."""
        pieces: list[str] = []
        last = 0
        while match := _START.search(self.text, last):
            start = match.start()
            end = self.string(start, 0) if match[0] in _QUOTES else self.text.find("\n", start)
            end = len(self.text) if end < 0 else end
            pieces += [self.text[last:start], re.sub(r"[^\n]", " ", self.text[start:end])]
            last = end
        return "".join((*pieces, self.text[last:]))

    def string(self, at: int, depth: int, around: frozenset[str] = frozenset()) -> int:
        """The end of the string whose quote stands at an offset, `around` the quotes of the strings that it stands in."""
        text = self.text
        quote = text[at] * 3 if text.startswith(text[at] * 3, at) else text[at]
        prefix = _PREFIX.search(text[max(0, at - 3) : at])
        letters = prefix[0].lower() if prefix else ""
        if "t" in letters:
            self.made[at - len(letters) + letters.index("t")] = "f"
        formatted = ("f" in letters or "t" in letters) and depth < _DEEPEST
        at += len(quote)
        while at < len(text) and not text.startswith(quote, at):
            if text[at] == "\\":
                at += 2
            elif text[at] == "\n" and len(quote) == 1:
                return at
            elif text[at] == "{" and formatted and not text.startswith("{{", at):
                at = self.field(at + 1, quote, depth + 1, around | {quote})
            else:
                at += 2 if text.startswith("{{", at) else 1
        return min(len(text), at + len(quote))

    def field(self, at: int, quote: str, depth: int, around: frozenset[str]) -> int:
        """The end of a replacement field of a string in `quote`."""
        text, open_, spec = self.text, 0, False
        while at < len(text):
            char = text[at]
            if char == "}" and open_ == 0:
                return at + 1
            if spec and text.startswith(quote, at):
                return at
            if char == "{" and spec:
                at = self.field(at + 1, quote, depth, around)
                continue
            if char in _QUOTES and not spec:
                at = self.nested(at, depth, around)
                continue
            open_ += (char in "([{") - (char in ")]}") if not spec else 0
            spec = spec or (char == ":" and open_ == 0)
            at += 1
        return at

    def nested(self, at: int, depth: int, around: frozenset[str]) -> int:
        """A string inside a replacement field: with other quotes than those around it, and without a backslash; where both are taken, a name."""
        end = self.string(at, depth, around)
        mark, held = self.text[at], "".join(self.made[at:end])
        other = "'" if mark == '"' else '"'
        if mark in around and other not in held and other not in around:
            self.made[at : at + 1] = other
            self.made[end - 1 : end] = other
        elif mark in around:
            self.made[at:end] = re.sub(r"\W", "_", held)
        for number in range(at, end):
            if self.made[number] == "\\":
                self.made[number : number + 2] = [" ", " "]
        return end


_QUOTES = frozenset({'"', "'"})
_START = re.compile(r"""["'#]""")
