"""Hostile text made harmless, one function for each place it can land in.

Scanned names, docstrings and paths come from strangers.
"""

from __future__ import annotations

import html
import re

# CSI … final byte, OSC/DCS/SOS/PM/APC … terminator, and two-byte escapes; then every other control character.
_ESCAPE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)?|\x1b[ -/]*[0-~]?"
)
# What Python, browsers and log readers take for the end of a line, besides the newline itself.
_NEWLINE = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Directional overrides let text show in another order than it is read ("trojan source").
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$])")
# Hosts turn these into links, mentions, issue references and emoji after reading the markup; a word joiner stops that.
_LINKED = re.compile(r"(?i)((?:https?|ftp|mailto|xmpp):|\bwww(?=\.)|@(?=\w)|(?<!&)#(?=\w)|:(?=[a-z0-9_+-]+:))")
_JOINER = "\N{WORD JOINER}"


# One look tells that nearly all text needs no cleaning.
_SUSPECT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """Text for a terminal or a log: no escape sequence, no control character but newline and tab, no hidden order."""
    if not _SUSPECT.search(text):
        return text
    text = _ESCAPE.sub("", _NEWLINE.sub("\n", text))
    return _BIDI.sub("\N{REPLACEMENT CHARACTER}", _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text))


def one_line(text: str) -> str:
    """Plain text with every run of white space as one blank."""
    return " ".join(plain(text).split())


def shorten(text: str, width: int) -> str:
    """At most `width` characters; what is cut ends in an ellipsis."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def xml_text(text: str) -> str:
    """Text that an XML 1.0 document may hold: characters outside the standard's set are replaced."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", plain(text))


def markdown_text(text: str) -> str:
    """One line that Markdown shows as it is: no markup, table cell, link, mention, issue reference or emoji code."""
    return _MARKDOWN.sub(r"\\\1", _unlinked(one_line(text)).replace("&", "&amp;"))


def markdown_html(text: str) -> str:
    """The same inside an HTML block of Markdown, where backslashes would show."""
    return html.escape(_unlinked(one_line(text)))


def markdown_code(text: str) -> str:
    """Text as an inline code span whose fence is longer than any run of backticks inside, safe in a table cell."""
    body = one_line(text).replace("|", "\N{BROKEN BAR}")
    fence = "`" * (max((len(run) for run in re.findall("`+", body)), default=0) + 1)
    pad = " " if body.startswith("`") or body.endswith("`") or not body else ""
    return f"{fence}{pad}{body or '-'}{pad}{fence}"


def _unlinked(text: str) -> str:
    return _LINKED.sub(lambda found: found[0] + _JOINER, text)
