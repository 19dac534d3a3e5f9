"""A small git repository as plain files: one commit on `main`, a second branch, a clean index; made without git."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping

MAIN, BRANCH = "main", "alpha"
_AUTHOR = b"alpha <alpha@example.com> 1700000000 +0000"
_CONFIG = b"[core]\n\trepositoryformatversion = 0\n\tbare = false\n[user]\n\tname = alpha\n\temail = alpha@example.com\n"


def repository(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files below `.git` for a folder that holds `files` (names without folders), all of them committed."""
    written: dict[str, bytes] = {}
    blobs = {name: _object(b"blob", data, written) for name, data in sorted(files.items())}
    tree = _object(b"tree", b"".join(b"100644 %s\0%s" % (name.encode(), bytes.fromhex(sha)) for name, sha in blobs.items()), written)
    commit = _object(b"commit", b"tree %s\nauthor %s\ncommitter %s\n\nalpha\n" % (tree.encode(), _AUTHOR, _AUTHOR), written)
    tip = f"{commit}\n".encode()
    heads = {f".git/refs/heads/{MAIN}": tip, f".git/refs/heads/{BRANCH}": tip}
    return {
        ".git/HEAD": f"ref: refs/heads/{MAIN}\n".encode(),
        ".git/config": _CONFIG,
        **heads,
        ".git/index": _index(files, blobs),
        **written,
    }


def _object(kind: bytes, data: bytes, written: dict[str, bytes]) -> str:
    whole = kind + b" %d\0" % len(data) + data
    sha = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
    written[f".git/objects/{sha[:2]}/{sha[2:]}"] = zlib.compress(whole)
    return sha


def _index(files: Mapping[str, bytes], blobs: Mapping[str, str]) -> bytes:
    body = struct.pack(">4sII", b"DIRC", 2, len(blobs))
    for name, sha in blobs.items():
        entry = struct.pack(">10I20sH", *[0] * 6, 0o100644, 0, 0, len(files[name]), bytes.fromhex(sha), len(name)) + name.encode()
        body += entry + b"\0" * (8 - len(entry) % 8)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()
