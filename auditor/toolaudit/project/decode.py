"""Bytes of a Python file → text, as the language reference says (PEP 263), with one error for every way it can fail."""

from __future__ import annotations

import codecs
import io
import tokenize


class DecodeError(Exception):
    """`reason` is one sentence without the path; `line` is 0 when the whole file is meant."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.line = line


_OTHER_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def decode(data: bytes) -> str:
    """The text with `\\n` line ends.

    Raises DecodeError.
    """
    for mark, name in _OTHER_MARKS.items():
        if data.startswith(mark):
            raise DecodeError(f"is encoded as {name}; Python reads UTF-8 or the encoding that a file declares")
    if b"\0" in data:
        raise DecodeError("contains a NUL byte", _line(data, data.index(b"\0")))
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
        if not text.isascii():
            text.encode()
    except UnicodeDecodeError as error:
        where = _line(data, error.start)
        raise DecodeError(f"is not valid {encoding}: byte 0x{data[error.start]:02x} cannot be decoded", where) from None
    except UnicodeEncodeError:
        raise DecodeError(f"declares the encoding {encoding!r} and holds characters that no text can hold") from None
    except (LookupError, UnicodeError, ValueError):
        raise DecodeError(f"declares {encoding!r}, which is not an encoding for text", 1) from None
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def _encoding(data: bytes) -> str:
    head = data[:400]
    if b"coding" not in head and not head.startswith(codecs.BOM_UTF8):
        return "utf-8"
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        if "invalid or missing" in str(error):  # undecodable head: the decoder itself says where
            return "utf-8"
        raise DecodeError(f"has no usable encoding: {error.msg}", 1) from None


def _line(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
