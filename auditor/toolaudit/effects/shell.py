"""Command lines to commands: words, pipes and redirections; a line that is not known text is opaque."""

from __future__ import annotations

import shlex

from toolaudit.effects.commands import HERE, REST, Command, judge, text_of
from toolaudit.effects.keys import ANY, Parts, join_path, parts_of
from toolaudit.effects.values import Many, Scalar, Text, Value, alternatives
from toolaudit.model import KeyPart

__all__ = ["Command", "classify", "words_of"]

_BETWEEN = {"&&", "||", ";", "|", "&", "|&", "\n"}
_INTO = {">": "write", ">>": "append", ">|": "write", "&>": "write", ">&": "write", "&>>": "append", "<": "read", "<<": "", "<<<": ""}
MAX_PROGRAMS = 4
_MARK = "\0"
"""Before an operator of the shell, so that a word of an argument list is never taken for one."""


def words_of(value: Value) -> list[Value] | None:
    """A command as its words, operators of the shell marked; None when it is free text."""
    form = value.form
    if isinstance(form, Many):
        return list(form.items) if form.items else [*form.head, REST] if form.head else None
    if isinstance(form, Scalar) and isinstance(form.value, str):
        return _split(form.value)
    if isinstance(form, Text) and form.parts and form.parts[0].kind == "literal" and " " in form.parts[0].text.strip() + " ":
        head = form.parts[0].text
        known = head.split()
        if not known or (not head.endswith((" ", '"', "'", "=")) and len(known) == 1):
            return None
        words: list[Value] = []
        for part in form.parts:
            more = _split(part.text.replace('"', " ").replace("'", " ")) if part.kind == "literal" else [Value(Text((part,)))]
            if more is None:
                return None
            words += more
        return words
    return None


def _split(line: str) -> list[Value] | None:
    lexer = shlex.shlex(line.replace("\n", " ; "), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:
        return None
    return [Value(Scalar(_MARK + token if token in _BETWEEN or token in _INTO else token)) for token in tokens]


def classify(words: list[Value], folder: Parts = HERE, depth: int = 0) -> tuple[Command, ...]:
    """What a command line does: each command between its operators, and the files that output is sent to."""
    if any("$(" in text_of(word) or "`" in text_of(word) for word in words):
        return (Command("subprocess", "rw", "opaque", "", (ANY,), note="command substitution"),)
    if words and 1 < len(programs := alternatives(words[0])) <= MAX_PROGRAMS:  # one of several, tried in turn
        return tuple(dict.fromkeys(command for program in programs for command in classify([program, *words[1:]], folder, depth)))
    found: list[Command] = []
    current: list[Value] = []
    into = ""
    for word in words or [Value(Text(()))]:
        text = text_of(word)
        operator = text.removeprefix(_MARK) if text.startswith(_MARK) else ""
        if into:
            found += _sent(into, word, folder)
            into = ""
        elif operator in _INTO:
            into = _INTO[operator] or "text"
            if current and text_of(current[-1]).isdigit():
                current.pop()  # the number of a stream
        elif operator:
            found += judge(current, folder, depth) if current else ()
            current = []
        else:
            current.append(word)
    return (*found, *(judge(current, folder, depth) if current else ()))


def _sent(how: str, word: Value, folder: Parts) -> list[Command]:
    if how == "text" or text_of(word) == "/dev/null" or text_of(word).isdigit():
        return []
    parts = parts_of(word) or (KeyPart("any", "*"),)
    key = parts if folder == HERE else join_path([folder, parts])
    if how == "read":
        return [Command("file", "r", "read", "", key)]
    return [Command("file", "w", "append" if how == "append" else "write", "", key, "again" if how == "append" else "same")]
