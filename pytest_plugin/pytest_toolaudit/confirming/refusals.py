"""What came of a call that did not do its work: whether its answer speaks of an error, and what the refusal asks for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_toolaudit.confirming.arguments import FOLDER, NAMES, How, value
from pytest_toolaudit.confirming.documents import kinds
from pytest_toolaudit.oracle.compare import show_result
from toolaudit_reports.document import Tool

_SAYS_ERROR = re.compile(
    r"""^\W*(error|failed|failure|exception|invalid|cannot|could\ not|unable|traceback|not\ found|no\ such|unknown\ (tool|action|operation))\b
    |["']?(success|ok)["']?:\ ?false|["']status["']:\ ?["'](error|fail)|["']error["']:\ ?(["'{]|true)|is_?error=True""",
    re.IGNORECASE | re.VERBOSE,
)
_TYPES = {
    "str": str, "string": str, "int": int, "integer": int, "number": float, "float": float, "bool": bool, "boolean": bool,
    "list": list, "array": list, "dict": dict, "dictionary": dict, "object": dict,
}  # fmt: skip
_NAME = r"[`'\"]?([A-Za-z_]\w*)[`'\"]?"
_FIELD = re.compile(r"^(\w+)\n\s+Field required", re.MULTILINE)  # pydantic
_KEY = re.compile(r"\bKeyError: '(\w+)'$", re.MULTILINE)
_POSITIONAL = re.compile(r"missing \d+ required (?:positional|keyword-only) arguments?: (.*)")
_MISSING = (
    re.compile(rf"(?<![\w.]){_NAME} is (?:required|missing|a required (?:property|argument|parameter|field))\b"),
    re.compile(rf"\bmissing (?:the )?(?:required )?(?:argument|parameter|field|key|value)s?[:,]? (?:for )?{_NAME}", re.IGNORECASE),
)
_SEVERAL = re.compile(
    rf"((?:{_NAME}(?:,? and |, | & |,? or ))+{_NAME}) (?:are|must (?:both |all )?be) (?:both |all )?(?:required|missing|provided|given|specified|set)\b"
)
_NO_NAMES = frozenset({"it", "this", "that", "which", "one", "argument", "parameter", "field", "value", "name", "key", "input"})
_TYPED = re.compile(r"^(\w+)\n\s+Input should be a valid (\w+)", re.MULTILINE)
_QUOTED = re.compile(r"['\"`]([\w-]+)['\"`]")
_OPTIONS = re.compile(
    r"\b(?:one of|use|valid \w+|allowed \w+|supported \w+|expected|choose from|options)\b\W+(?:are\W+)?([\w-]+(?:, [\w-]+)+)", re.IGNORECASE
)
_NOWHERE = r"(?:not (?:registered|found|known|exist)|does(?: not|n't) exist|unknown|no such)"
_INTRODUCED = re.compile(
    r"\b(one of|use|valid|allowed|supported|expected|choose|options|available|must be|not in|known|either)\b", re.IGNORECASE
)
_FIRST = re.compile(r"\b(?:[Cc]all|[Uu]se|[Rr]un|[Ii]nvoke|[Tt]ry)\s+(?:the\s+)?[`'\"]?([a-z]\w*_\w+)\b(?=.{0,40}\b(?:first|before)\b)")
_PROVIDE = re.compile(r"\b(?:provide|specify|supply|requires?|needs?|pass)\s+([^.:;\n]{1,80})", re.IGNORECASE)
_WRONG = r"(?:could not parse|cannot parse|unable to parse|invalid|malformed|must be|expected|should be|is not a)"
_ABSOLUTE = re.compile(r"\bmust be (an )?absolute\b|\babsolute path (is )?(required|expected)\b|\bnot an absolute path\b", re.IGNORECASE)
_NAMED_ABSOLUTE = re.compile(rf"(?<![\w.]){_NAME} (?:must|should|has to) be an? absolute path\b")
_SUFFIX = re.compile(r"\.([A-Za-z]\w{1,5})\b")


@dataclass(frozen=True)
class Lesson:
    """What a refusal asks for: arguments by name, those to leave out, the kind of document (its suffix), paths that are absolute.

    `replaced` are those whose value was refused, even one that a lesson asked for; `missing` those that name a thing that does not exist.
    `first` are names of what is to be called before.
    """

    arguments: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""
    without: frozenset[str] = frozenset()
    absolute: bool = False
    replaced: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()
    first: frozenset[str] = frozenset()


def failure(result: tuple[str, Any]) -> str | None:
    """A call's result as text when it is an exception or an answer that speaks of an error; None when the call did its work."""
    text = show_result(result)
    if result[0] == "raised":
        return text
    spoken = next((leaf for leaf in _leaves(result[1]) if _SAYS_ERROR.search(leaf)), None)
    return spoken if spoken is not None else text if _SAYS_ERROR.search(text) else None


def _leaves(frozen: Any) -> Iterator[str]:
    """The texts of an answer: itself, the items of a list, the `text` of a content object; not the texts that a mapping holds."""
    if isinstance(frozen, str):
        yield frozen
    elif isinstance(frozen, tuple) and frozen[:1] in (("list",), ("tuple",)):
        for part in frozen[1:3]:
            yield from _leaves(part)
    elif isinstance(frozen, tuple) and frozen and frozen[0] != "dict":
        fields = dict(part for part in frozen[1:] if isinstance(part, tuple) and len(part) == 2 and isinstance(part[0], str))
        yield from _leaves(fields.get("text"))
        yield from _leaves(fields.get("content"))


def lesson(said: str, tool: Tool, known: Mapping[str, Any], how: How) -> Lesson | None:
    """What `said`, the text of a refusal, asks for beyond the arguments that were `known`; None when nothing is understood."""
    wanted: dict[str, Any] = {}
    explicit = [name for pattern in (_FIELD, _KEY) for name in pattern.findall(said)]
    explicit += [name for listed in _POSITIONAL.findall(said) for name in re.findall(r"'(\w+)'", listed)]
    implied = [name for pattern in _MISSING for name in pattern.findall(said)]
    types = {p.name: _TYPES.get((p.annotation or "str").split("[")[0], str) for p in tool.parameters}
    implied += [name for found in _SEVERAL.finditer(said) for name in re.findall(r"[A-Za-z_]\w*", found[1]) if name in types]
    for name in dict.fromkeys([*explicit, *(name for name in implied if name in types or name not in _NO_NAMES)]):
        if name not in known:
            wanted[name] = value(types.get(name, str), name, how)
    typed = {
        name: value(_TYPES[kind], name, how)
        for name, kind in _TYPED.findall(said)
        if kind in _TYPES and not isinstance(known.get(name), _TYPES[kind])
    }
    wanted |= {name: option for name, option in _listed(said, known).items() if name not in wanted}
    kind = _document(said, known)
    optional = {p.name for p in tool.parameters if not p.required}
    typed |= {name: value(types[name], name, how) for name in _asked(said) if name in types and name in known and not known[name]}
    typed |= {name: how.base.rstrip("/") or FOLDER for name, given in known.items() if _is_no_place(said, name, given)}
    typed |= {
        name: os.getcwd() for name in _NAMED_ABSOLUTE.findall(said) if known.get(name) in NAMES
    }  # the name does not say that it is a path
    missing = frozenset(name for name, given in known.items() if name not in {**wanted, **typed} and _is_unknown(said, name, given))
    refused = frozenset(name for name in optional & set(known) if name not in {**wanted, **typed} and _is_refused(said, name))
    found = Lesson(
        {**wanted, **typed},
        kind,
        (missing & optional) | refused,
        bool(_ABSOLUTE.search(said)),
        frozenset(typed),
        missing,
        frozenset(_FIRST.findall(said)),
    )
    return found if found != Lesson() else None


def first_lesson(said: str | None, tool: Tool, known: Iterable[Mapping[str, Any]], how: How) -> Lesson | None:
    """The first lesson about arguments, else any, of what was given: the model's arguments, then those beside them too."""
    found = [one for given in known if (one := lesson(said, tool, given, how)) is not None] if said is not None else []
    return next((one for one in found if one.arguments), found[0] if found else None)


def _asked(said: str) -> list[str]:
    """Names of which a refusal wants one: `provide fire_in_seconds > 0 or fire_at`."""
    return [name for clause in _PROVIDE.findall(said) for name in re.findall(r"[A-Za-z_]\w*", clause)]


def _is_refused(said: str, name: str) -> bool:
    return bool(re.search(rf"{_WRONG}\b.{{0,30}}\b{re.escape(name)}\b|\b{re.escape(name)}\b\W.{{0,30}}\b{_WRONG}", said, re.IGNORECASE))


def _is_no_place(said: str, name: str, given: Any) -> bool:
    """Whether the refusal wants a folder where a path to nothing was given."""
    if not isinstance(given, str) or not re.search(r"(^|_)(path|location)$", name.lower()) or not re.search(r"[/.]\w", given):
        return False
    return bool(re.search(r"\bpath does(?: not|n't) exist|not a (?:valid |existing )?(?:directory|folder)", said, re.IGNORECASE))


def _listed(said: str, known: Mapping[str, Any]) -> dict[str, str]:
    """For a value that is refused beside a list of others: the first of those."""
    found = {}
    for name, given in known.items():
        spelled = "|".join(re.escape(word) for word in (name.replace("_", " "), name, *name.split("_")) if len(word) > 3)
        if isinstance(given, str) and given and given in said and spelled and re.search(rf"\b({spelled})\b", said, re.IGNORECASE):
            rest = said.partition(given)[2]
            introduced = _INTRODUCED.search(rest)
            quoted = _QUOTED.findall(rest[introduced.end() :]) if introduced else []
            options = [option for option in quoted if option != given] or _after_colon(rest)
            found.update({name: options[0]} if len(options) > 1 else {})
    return found


def _after_colon(text: str) -> list[str]:
    listed = _OPTIONS.search(text)
    return [option.strip(" '\"`") for option in listed[1].split(",")] if listed else []


def _is_unknown(said: str, name: str, given: Any) -> bool:
    """Whether the refusal says that nothing of this name exists."""
    noun = re.sub(r"(^|_)(id|name|key|uuid)$", "", name)
    if not isinstance(given, str | int) or isinstance(given, bool) or given == "":
        return False
    spelled = rf"\b{re.escape(noun)}\b" if noun else r"\b\w+\b"
    thing = rf"{spelled}\W*(?:(?:with|id|named?|key)\W+)*{re.escape(str(given))}\b"
    if noun and re.search(rf"{spelled}\W+{_NOWHERE}\W+{re.escape(str(given))}\b", said, re.IGNORECASE):
        return True
    return bool(re.search(rf"{thing}.*{_NOWHERE}|{_NOWHERE}\W+(?:a |the )?{thing}", said, re.IGNORECASE))


def _document(said: str, known: Mapping[str, Any]) -> str:
    """A kind of document that a refusal names beside the kind that it was given."""
    given = {suffix for text in known.values() if isinstance(text, str) for suffix in _SUFFIX.findall(text)}
    named = [suffix.lower() for suffix in _SUFFIX.findall(said) if suffix not in given]
    return next((kind for suffix in named for kind, told in kinds().items() if suffix in told["suffixes"]), "") if given else ""
