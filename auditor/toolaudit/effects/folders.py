"""What is done to paths on the way: looks that decide nothing but how the same is done, rights of folders, files that are locks."""

from __future__ import annotations

from collections.abc import Sequence

from toolaudit.effects.frame import Effect
from toolaudit.effects.keys import ANY
from toolaudit.effects.purposes import given
from toolaudit.effects.values import tidy
from toolaudit.model import KeyPart, Resource

_OF_FILES = ("write", "append", "update", "create", "delete")


def kind_checks(effects: Sequence[Effect]) -> list[int]:
    """The checks that only choose how the same is done to a path: `if p.is_dir(): rmtree(p) else: p.unlink()`."""
    found: list[int] = []
    for folder in effects:
        if folder.op != "delete" or not isinstance(folder.target, Resource) or folder.target.kind != "dir":
            continue
        for file in effects:
            if file.op == "delete" and isinstance(file.target, Resource) and file.target.kind == "file" and _holds(folder.target, file):
                both = sorted(i for i in folder.control & file.control if isinstance(i, int) and i < len(effects))
                checks = [i for i in both if effects[i].op == "check" and _same_path(effects[i], file.target)]
                found += checks[-1:]
    return found + [i for i, look in enumerate(effects) if look.part == "folder" and _refuses_folder(effects, i)]


def _refuses_folder(effects: Sequence[Effect], look: int) -> bool:
    """Whether a folder is what stands in the way of all that is done to a path: as a file it could not be written or deleted anyway."""
    done = [
        e
        for e in effects
        if "w" in e.mode
        and not e.secondary
        and look in e.control
        and isinstance(e.target, Resource)
        and _same_path(effects[look], e.target)
    ]
    return bool(done) and all(isinstance(e.target, Resource) and e.target.kind == "file" and e.op in _OF_FILES for e in done)


def folder_checks(effects: Sequence[Effect], effect: Effect) -> list[int]:
    """The checks that guard the making of the same folder, `if not exists(d): makedirs(d)`, and not all that the call does with the folder."""
    target = effect.target
    if not isinstance(target, Resource) or target.kind != "dir" or effect.op not in ("create", "ensure"):
        return []
    found = sorted(i for i in effect.control if isinstance(i, int) and i < len(effects))
    checks = [i for i in found if effects[i].op == "check" and _same_path(effects[i], target)]
    return [i for i in checks if not any(_decided(one, i, effect) for one in effects)]


def _decided(one: Effect, check: int, made: Effect) -> bool:
    """What the caller says is put somewhere on the way on which the folder is made, and on no other: `if exists(d): return old`."""
    folder = isinstance(one.target, Resource) and one.target.kind == "dir"
    written = "w" in one.mode and not one.secondary and not folder and given(one)
    return written and check in one.control and set(made.arms) <= set(one.arms)


def opened_to_lock(effects: Sequence[Effect], target: Resource) -> bool:
    """A file that is a lock on something: it is held while other effects happen, and nothing is written into it."""
    held = any(lock.name == "flock" and lock.key == target.key for effect in effects for lock in effect.locks)
    return held and not any(e.op == "update" and e.data and e.target == target for e in effects)


def rights_of_folder(effects: Sequence[Effect], target: Resource) -> bool:
    """The rights of a folder that the call has just ensured."""
    return any(
        e.op == "ensure" and isinstance(e.target, Resource) and e.target.kind == "dir" and e.target.key == target.key for e in effects
    )


def _holds(folder: Resource, file: Effect) -> bool:
    """Whether a folder, or all that is in it, goes by the path of a file."""
    whole = tidy((*file.target.key, KeyPart("literal", "/"), ANY)) if isinstance(file.target, Resource) else ()
    return _same_path(file, folder) or folder.key == whole


def _same_path(effect: Effect, target: Resource) -> bool:
    other = effect.target
    return isinstance(other, Resource) and other.kind in ("file", "dir") and other.key == target.key
