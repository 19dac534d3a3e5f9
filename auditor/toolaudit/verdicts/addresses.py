"""Addresses of a service that speak of one thing in two ways: who asks at one is told what was changed at the other."""

from __future__ import annotations

from toolaudit.effects.guesses import READ_VERBS
from toolaudit.model import Access, KeyPart
from toolaudit.verdicts.keys import NEVER, Overlap

_HOLE = "{}"


def spoken_of(a: Access, b: Access) -> Overlap:
    """A thing changed at one address and asked for at another of the same service: nobody can tell whether it is the one that is asked for."""
    if a.resource.kind != "http" or b.resource.kind != "http" or {a.mode, b.mode} != {"r", "w"}:
        return NEVER
    change, look = (a, b) if a.mode == "w" else (b, a)
    if _host(change.resource.key) != _host(look.resource.key):
        return NEVER
    changed, asked = _segments(change.resource.key), _segments(look.resource.key)
    thing = _listed(changed, asked) or _told(changed, asked) or _member(changed, asked)
    return Overlap("may", (f"both speak of {thing}",)) if thing else NEVER


def _host(key: tuple[KeyPart, ...]) -> tuple[str, str]:
    if not key:
        return "", ""
    return key[0].kind, "/".join(key[0].text.split("/")[:3]) if key[0].kind == "literal" and "://" in key[0].text else key[0].text


def _segments(key: tuple[KeyPart, ...]) -> list[str]:
    """The words of an address below its host, with holes for what differs from call to call."""
    first = key[0].kind == "literal" and "://" in key[0].text
    text = "".join(part.text if part.kind == "literal" else _HOLE for part in (key if first else key[1:]))
    words = [word for word in text.partition("?")[0].split("/") if word]
    return words[2:] if first else words


def _listed(changed: list[str], asked: list[str]) -> str:
    """`POST /worker/{id}/stop` beside `GET /workers`: nothing else of many is named after the thing that is changed."""
    plural = asked[-1] if asked else ""
    if not (plural.isalpha() and plural.endswith("s") and len(plural) > 3):
        return ""
    at = next((i for i, word in enumerate(changed) if word in (plural, plural[:-1])), -1)
    rest = changed[at + 1 :]
    return plural if at >= 0 and not any(word.isalpha() and word.endswith("s") for word in rest) else ""


def _told(changed: list[str], asked: list[str]) -> str:
    """`POST /task/revoke/{id}` beside `GET /task/info/{id}`."""
    other = [(one, two) for one, two in zip(changed, asked, strict=False) if one != two]
    if len(changed) != len(asked) or len(other) != 1 or asked[-1] != _HOLE:
        return ""
    act, look = other[0]
    same = next((word for word in asked if word.isalpha() and word != look), "")
    return f"one {same}" if act.isalpha() and look in READ_VERBS and act not in READ_VERBS and same else ""


def _member(changed: list[str], asked: list[str]) -> str:
    """`PATCH /months/{month}/categories/{id}` beside `GET /categories/{id}`."""
    if len(changed) < 2 or len(asked) < 2 or changed == asked or changed[-1] != _HOLE or asked[-1] != _HOLE:
        return ""
    same = changed[-2] == asked[-2] and changed[-2].isalpha() and changed[-2].endswith("s")
    return f"one of the {changed[-2]}" if same else ""
