"""What a command does, by its words, from `catalogue/shell.toml`; the comments there say what its words mean."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from toolaudit import catalogue
from toolaudit.effects import http, undescribed
from toolaudit.effects.keys import ANY, Parts, join_path, parts_of
from toolaudit.effects.undescribed import GUESSED, UNDESCRIBED
from toolaudit.effects.values import Data, Scalar, Text, Value, tidy
from toolaudit.model import KeyPart, Kind, Operation

HERE = (KeyPart("cwd", ""),)
OWN_INTERPRETER = (KeyPart("literal", "sys.executable"),)
UNSAID = "program that the code does not say"
_OF_PROGRAMS = frozenset({"path", "bin", "binary", "exe", "executable", "cmd", "command", "program", "cli"})
_LIES = re.compile(r"/(?:[\w.-]+/)*[\w.-]+")
"""Where a program lies, below a folder that the code finds."""
_KEPT = frozenset({"self", "global", "env", "cell"})
UNSAID_OPTIONS = "options that the code does not say"
_DECIDING = frozenset({"opaque_options", "method_options", "data_options", "write_options", "in_place"})  # what they name makes it write
_OPTIONS = re.compile(r"(?:^|[_.])(?:opts?|options?|args|arguments|flags|switches|extra)$")
GUESSES = frozenset({GUESSED, UNSAID, UNDESCRIBED, UNSAID_OPTIONS})
FREE = "free command"
REST = Value(Data())  # the words of a list that are not known, however many
VERSIONS = {"--version", "-V", "--help"}


class Command(Struct, frozen=True):
    """One thing that a command does: kind of resource, key, mode, operation; opaque when it runs what is not known."""

    kind: Kind
    mode: str
    op: Operation
    program: str
    key: Parts = ()
    repeat: str = "unknown"
    note: str = ""
    part: str = ""


class Line(Struct, frozen=True):
    """A command's words after its program, as values and as text; a word that is not constant is an empty text."""

    program: str
    words: tuple[Value, ...]
    texts: tuple[str, ...]
    folder: Parts

    def has(self, options: list[str]) -> bool:
        return any(text == option or text.startswith(f"{option}=") for text in self.texts for option in options)


@lru_cache(maxsize=1)
def table() -> dict[str, dict[str, Any]]:
    """The commands by program."""
    path = Path(str(catalogue.__file__)).with_name("shell.toml")
    found: dict[str, dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["command"]
    return {name: found[entry["same_as"]] if "same_as" in entry else entry for name, entry in found.items()}


def text_of(word: Value) -> str:
    return str(word.form.value) if isinstance(word.form, Scalar) and word.form.value is not None else ""


def judge(words: list[Value], folder: Parts = HERE, depth: int = 0) -> tuple[Command, ...]:
    """What one command does; nothing when it touches nothing. `folder` is where it runs."""
    texts = tuple(text_of(word) for word in words)
    program = _program(words[0]) if words else ""
    if not program and words and (named := _named_for(words[0])):
        return judge([Value(Scalar(named)), *words[1:]], folder, depth)
    if not program:
        return _unsaid(words, texts, folder, depth)
    line = Line(program, tuple(words[1:]), texts[1:], folder or HERE)
    entry = table().get(program)
    if line.texts[:1] and line.texts[0] in VERSIONS:
        return (Command("subprocess", "r", "read", program, _named(line.program, line.words)),)
    if entry is None:
        done = undescribed.said(line.texts)
        return (Command("subprocess", done.mode, done.op, program, _named(line.program, line.words), done.repeat, done.note),)
    if "runs" in entry:
        return _carried(line, entry, depth)
    if entry.get("opaque"):
        return _interpreter(line, entry, words, depth)
    if "operands" in entry:
        return _with_options(_operands(line, entry, words), line, entry)
    if "method_options" in entry or "data_options" in entry:
        return _with_options(_request(line, entry), line, entry)
    part = next((part for verb, part in entry.get("parts", {}).items() if verb in line.texts), "")
    return tuple(replace(command, part=part) for command in _subcommand(line, entry)) if part else _subcommand(line, entry)


def _with_options(commands: tuple[Command, ...], line: Line, entry: dict[str, Any]) -> tuple[Command, ...]:
    """Options that nobody knows may make another thing of a command: what it reads is a guess then, and so is that it touches nothing."""
    if not _DECIDING & entry.keys() or not any(_may_be_options(word) for word in line.words):
        return commands
    guessed = tuple(replace(one, note=one.note or UNSAID_OPTIONS) if one.mode == "r" else one for one in commands)
    return guessed or (Command("subprocess", "r", "read", line.program, _named(line.program, line.words), note=UNSAID_OPTIONS),)


def _may_be_options(word: Value) -> bool:
    """The rest of a list that is not known, or an argument that is called so."""
    parts = parts_of(word)
    return word is REST or (len(parts) == 1 and parts[0].kind == "param" and _OPTIONS.search(parts[0].text) is not None)


def _named_for(word: Value) -> str:
    """The one program that the place is named for which holds it: `self.git_path`, `FFMPEG`, `$DOCKER_BIN`."""
    parts = parts_of(word)
    if len(parts) != 1 or parts[0].kind not in _KEPT:
        return ""
    said = [name for name in re.findall(r"[a-z0-9]+", parts[0].text.lower()) if name not in _OF_PROGRAMS]
    entry = table().get(said[0], {}) if len(said) == 1 else {}
    return said[0] if entry.get("read") and (entry.get("write") or entry.get("rmw")) else ""


def _unsaid(words: list[Value], texts: tuple[str, ...], folder: Parts, depth: int) -> tuple[Command, ...]:
    """A command whose program the code does not say: anything, where the call names it; one whose words may tell it, where the owner does."""
    parts = parts_of(words[0]) if words else ()
    placed = any(part.kind == "literal" and "/" in part.text for part in parts)  # a program of the project's own, in a folder of its own
    if not parts or any(part.kind not in _KEPT and not (placed and part.kind != "param") for part in parts) or not any(texts[1:]):
        return (_opaque(words, ""),)
    if program := _spoken(texts[1:]):
        return tuple(replace(command, note=UNSAID) for command in judge([Value(Scalar(program)), *words[1:]], folder, depth))
    if undescribed.asks(texts[1:]):
        return (Command("subprocess", "r", "read", "", _opaque(words, "").key, note=GUESSED),)
    return (_opaque(words, "", UNSAID),)


def _spoken(texts: tuple[str, ...]) -> str:
    """The one described program with such a subcommand behind such an option: `-C repository rev-parse`."""
    found: set[str] = set()
    for name, entry in table().items():
        options = {*entry.get("folder_options", []), *entry.get("value_options", [])}
        verbs = {*entry.get("read", []), *entry.get("write", []), *entry.get("rmw", [])}
        rest = [text for before, text in zip(("", *texts), texts, strict=False) if not text.startswith("-") and before not in options]
        if rest and rest[0] in verbs and options & {*texts[: texts.index(rest[0])]}:
            found.add(name)
    return found.pop() if len(found) == 1 else ""


def _program(word: Value) -> str:
    """The name of the program, in whatever folder it lies."""
    path = text_of(word).replace("\\", "/")
    if parts_of(word) == OWN_INTERPRETER:
        return "python"
    last = word.form.parts[-1] if not path and isinstance(word.form, Text) and word.form.parts else None
    if last is not None and last.kind == "literal" and "/" in last.text:
        path = last.text
    return path.rsplit("/", 1)[-1].removesuffix(".exe")


def _opaque(words: list[Value], program: str, note: str = FREE) -> Command:
    key = _named(program, words[1:]) if program else tidy(part for word in words for part in parts_of(word)) or (ANY,)
    return Command("subprocess", "rw", "opaque", program, key, note=note)


def _named(program: str, words: Iterable[Value]) -> Parts:
    """A command without a resource of its own is named by its program and the arguments that it was given."""
    symbolic = [part for word in words for part in parts_of(word) if part.kind in ("param", "self", "state")]
    return tidy((KeyPart("literal", program), *(p for part in symbolic[:3] for p in (KeyPart("literal", " "), part))))


def _carried(line: Line, entry: dict[str, Any], depth: int) -> tuple[Command, ...]:
    """`sudo`, `env`, `timeout 5`: the rest of the line is the command."""
    values, skip, index = entry.get("value_options", []), entry["runs"], 0
    while index < len(line.texts):
        text = line.texts[index]
        if text.startswith("-"):
            index += 2 if text in values else 1
        elif line.program == "env" and "=" in text:
            index += 1
        elif skip:
            skip, index = skip - 1, index + 1
        else:
            break
    rest = list(line.words[index:])
    if not rest:
        return ()
    return judge(rest, line.folder, depth + 1) if depth < 4 else (_opaque(rest, line.program),)


def _interpreter(line: Line, entry: dict[str, Any], words: list[Value], depth: int) -> tuple[Command, ...]:
    """A shell or interpreter: opaque, unless it is asked for its version or given a text that is known."""
    from toolaudit.effects.shell import classify, words_of

    if line.texts[:1] and line.texts[0] in entry.get("read", []):
        return (Command("subprocess", "r", "read", line.program, _named(line.program, line.words)),)
    if line.has(entry.get("no_command", [])):
        return ()
    for index, text in enumerate(line.texts[:-1]):
        if text in entry.get("runs_text", []) and depth < 4:
            rest = line.words[index + 1 :]  # more than one, where the text was quoted on the way
            inner = [part for word in rest for part in words_of(word) or ([word] if len(rest) > 1 else [])]
            if inner:
                return classify(inner, line.folder, depth + 1)
    for index, text in enumerate(line.texts[:-1]):
        if text in entry.get("module_options", []) and line.texts[index + 1] in table() and depth < 4:
            return judge(list(line.words[index + 1 :]), line.folder, depth + 1)
    if _runs_a_script(line):
        return (_opaque(words, line.program, UNDESCRIBED),)
    return (_opaque(words, line.program),)


def _runs_a_script(line: Line) -> bool:
    """A program of the project's own, whatever arguments it is given: neither code nor a file that the caller names."""
    if not line.words or line.texts[0].startswith("-"):
        return False
    return bool(parts := parts_of(line.words[0])) and not any(part.kind in ("param", "state", "any") for part in parts)


_SETTLED = ("self", "global", "unknown", "env")


def is_own_program(key: Parts, note: str) -> bool:
    """What a command runs was settled before the call, so what it does could be described: of an interpreter what it is given, its words known
    at last; also a program that lies in a folder of the project's own."""
    if note == FREE and len(key) > 1 and key[0].kind != "param" and key[1].kind == "literal" and _LIES.match(key[1].text):
        return True
    if note != FREE or not key or (key[0].kind not in _SETTLED and (len(key) < 2 or key[1].kind not in _SETTLED)):
        return False
    return key[0].kind in _SETTLED or bool(table().get(key[0].text.strip(), {}).get("opaque"))


# --- commands on files -----------------------------------------------------------------------------------------------


def _arguments(line: Line, values: list[str]) -> list[Value]:
    """Words that are neither options nor the values of options that take one."""
    found: list[Value] = []
    skip = False
    for word, text in zip(line.words, line.texts, strict=True):
        if skip or text.startswith("-"):
            skip = not skip and text in values
            continue
        found.append(word)
    return found


def _operands(line: Line, entry: dict[str, Any], words: list[Value]) -> tuple[Command, ...]:
    if line.has(entry.get("opaque_options", [])):
        return (_opaque(words, line.program, "runs or deletes what it finds"),)
    outputs = entry.get("write_options", [])
    operands = _arguments(line, [*entry.get("value_options", []), *outputs])[entry.get("skip", 0) :]
    kind: Kind = entry.get("kind", "file")
    streams = entry.get("streams", [])
    act: Any = "read" if operands and text_of(operands[-1]) in streams else entry["operands"]
    operands = [word for word in operands if text_of(word) not in streams]
    found: list[Command] = []
    for text, word in zip(line.texts, line.words[1:], strict=False):
        if text in outputs:
            found.append(_on(line, "file", "w", "write", word))
    if line.has(entry.get("in_place", [])) or ("edits_unless" in entry and not line.has(entry["edits_unless"])):
        return (*found, *(_on(line, kind, "rw", "update", word) for word in operands))
    if line.has(entry.get("append_options", [])):
        act = "append"
    elif line.has(entry.get("ensure_options", [])):
        act = "ensure"
    elif line.has(entry.get("tree_options", [])):
        kind = "dir"
    if act == "read-first":
        act, operands = "read", operands[:1]
    if act == "read":
        if not operands and kind == "dir":
            return (*found, Command(kind, "r", "list", line.program, line.folder))
        return (*found, *(_on(line, kind, "r", "list" if kind == "dir" else "read", word) for word in operands))
    if act in ("copy", "move"):
        first: tuple[str, Operation] = ("r", "read") if act == "copy" else ("w", "rename")
        found += [_on(line, kind, first[0], first[1], word) for word in operands[:-1]]
        return (*found, *(_on(line, kind, "w", "write", word) for word in operands[-1:]))
    return (*found, *(_on(line, kind, "w", act, word) for word in operands)) or (_opaque(words, line.program),)


def _on(line: Line, kind: Kind, mode: str, op: Operation, word: Value) -> Command:
    parts = parts_of(word) or (ANY,)
    key = parts if line.folder == HERE else join_path([line.folder, parts])
    repeat = {"delete": "error", "append": "again", "rename": "error"}.get(op, "same")
    return Command(kind, mode, op, line.program, key, repeat)


def _request(line: Line, entry: dict[str, Any]) -> tuple[Command, ...]:
    """`curl`, `wget`: options decide the method; one of them names a file to write."""
    method, found = "GET", []
    if line.has(entry.get("data_options", [])):
        method = "POST"
    for text, word in zip(line.texts, line.words[1:], strict=False):
        if text in entry.get("method_options", []):
            method = text_of(word)
        if text in entry.get("write_options", []):
            found.append(_on(line, "file", "w", "write", word))
    values = [
        *entry.get("method_options", []),
        *entry.get("data_options", []),
        *entry.get("write_options", []),
        "-H",
        "--header",
        "-u",
        "-A",
    ]
    operands = _arguments(line, values)
    address = next((parts_of(word) for word in operands if "://" in text_of(word)), parts_of(operands[-1]) if operands else ())
    request = http.classify(method or None, address, "")
    return (*found, Command("http", request.mode, request.op, line.program, address or (ANY,), request.repeat))


# --- commands with subcommands ---------------------------------------------------------------------------------------


def _subcommand(line: Line, entry: dict[str, Any]) -> tuple[Command, ...]:
    line = _in_folder(line, entry)
    index = _first(line, entry)
    kind: Kind = entry.get("kind", "subprocess")
    key = _key(line, entry)
    lists = [name for name in ("read", "write", "rmw") if entry.get(name)]
    verb = line.texts[index] if index < len(line.texts) else ""
    special = entry.get("special", {}).get(verb)
    if special:
        operands = _arguments(Line(line.program, line.words[index + 1 :], line.texts[index + 1 :], line.folder), [])
        return (Command(special["kind"], "w", special["op"], line.program, parts_of(operands[-1]) if operands else key),)
    if not lists:
        if "last_word_read" in entry:
            said = any(text in entry["last_word_read"] for text in line.texts[:4])
            return _acts(kind, "read" if said else entry["default"], line, key, verb)
        return _acts(kind, entry.get("default", "rmw"), line, key, "")
    found = _matched(line, entry, index)
    if found == "write" and verb in entry.get("ops", {}):
        return (Command(kind, "w", entry["ops"][verb], line.program, key, "error", verb),)
    if found:
        return _acts(kind, found, line, key, verb)
    if not verb and (index < len(line.texts) or entry.get("default") == "rmw"):
        return (Command(kind, "rw", "opaque", line.program, key, note="subcommand not known"),)
    if entry.get("verbs") == "aws":
        from toolaudit.catalogue.aws import describe

        effect = describe((line.texts[index + 1] if index + 1 < len(line.texts) else "").replace("-", "_"))
        return (Command(kind, effect.mode, effect.op, line.program, key, effect.repeat, verb),)  # type: ignore[arg-type]
    return _acts(kind, entry.get("default", "rmw"), line, key, verb)


def _in_folder(line: Line, entry: dict[str, Any]) -> Line:
    folder = line.folder
    for text, word in zip(line.texts, line.words[1:], strict=False):
        if text in entry.get("folder_options", []):
            folder = parts_of(word) or folder
    return Line(line.program, line.words, line.texts, folder)


def _first(line: Line, entry: dict[str, Any]) -> int:
    """Where the subcommand stands: `git -C DIR log` is `log`."""
    index, values = 0, entry.get("value_options", [])
    whole = {name for kind in ("read", "write", "rmw") for name in entry.get(kind, [])}
    while index < len(line.texts) and line.texts[index].startswith("-") and line.texts[index] not in whole:
        index += 2 if line.texts[index] in values else 1
    return index


def _matched(line: Line, entry: dict[str, Any], index: int) -> str:
    """The list whose entry says most words of the line."""
    texts = line.texts[index:]
    best, length = "", 0
    for name in ("rmw", "write", "read"):
        for listed in entry.get(name, []):
            words = listed.split()
            if words and texts[:1] == (words[0],) and len(words) >= max(length, 1) and _follow(words[1:], texts[1:]):
                best, length = (name, len(words)) if len(words) > length or not best or name != "read" else (best, length)
    if length == 1 and texts[0] in entry.get("bare_read", []) and all(text.startswith("-") for text in texts[1:]):
        return "read"
    return best


def _follow(wanted: list[str], texts: tuple[str, ...]) -> bool:
    return all((word in texts) if word.startswith("-") else texts[at : at + 1] == (word,) for at, word in enumerate(wanted))


def _key(line: Line, entry: dict[str, Any]) -> Parts:
    template = entry.get("key", "")
    if not template:
        return _named(line.program, line.words)
    if template == "*":
        return (ANY,)
    before, hole, after = template.partition("{cwd}")
    parts = (KeyPart("literal", before), *(line.folder if hole else ()))
    tail = (KeyPart("literal", after[:-2]), ANY) if after.endswith("**") else (KeyPart("literal", after),)
    return tidy((*parts, *tail))


def _acts(kind: Kind, how: str, line: Line, key: Parts, note: str) -> tuple[Command, ...]:
    if how == "pure":
        return ()
    mode, op = {"read": ("r", "read"), "write": ("w", "update")}.get(how, ("rw", "update"))
    return (Command(kind, mode, op, line.program, key, note="" if how == "read" else note),)  # type: ignore[arg-type]
