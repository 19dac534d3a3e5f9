"""The sandbox of `confirm`: writes outside the working folder, network, subprocesses and signals are refused unless allowed by name.

It is one audit hook (PEP 578), installed on first use and inert outside `with Sandbox(...)`: hooks cannot be removed. An event that is
refused raises in the code that caused it; calls whose event does not tell all are wrapped besides (`unseen`). What native code does
without raising an event is not seen.
"""

from __future__ import annotations

import io
import os
import stat
import sys
import threading
from _thread import get_ident
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import quiet
from pytest_toolaudit.unseen import database_file, install, of_descriptor

OPTION = "--toolaudit-allow"
CONTENT = frozenset(
    {
        "open",
        "open at",
        "os.chmod",
        "os.chown",
        "os.chflags",
        "os.truncate",
        "os.utime",
        "os.setxattr",
        "os.removexattr",
        "shutil.chown",
        "sqlite3.connect",
    }
)
"""Events that change what a path leads to, symbolic links followed."""
ENTRIES = frozenset({"os.mkdir", "os.rmdir", "os.remove", "os.mkfifo", "os.mknod", "shutil.rmtree"})
"""Events that make or remove the entry itself."""
ENTRIES_TWO = {
    "os.rename": (0, 1),
    "os.link": (0, 1),
    "os.symlink": (1,),
    "shutil.move": (0, 1),
    "shutil.copyfile": (1,),
    "shutil.copytree": (1,),
}
"""Events with two paths → which of them count: a hard link into the working folder would let what lies outside be written."""
FOLDERS_AT = {
    "os.mkdir": (2,),
    "os.rmdir": (1,),
    "os.remove": (1,),
    "os.rename": (2, 3),
    "os.link": (2, 3),
    "os.symlink": (0, 2),
    "os.chmod": (2,),
    "os.chown": (3,),
    "os.utime": (3,),
    "os.mkfifo": (1,),
    "os.mknod": (1,),
    "shutil.rmtree": (1,),
    "open at": (2,),
}
"""Where an event tells the descriptors of the folders below which its paths lie."""
NETWORK = frozenset({"socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"})
PROCESSES = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "pty.spawn"})
STARTS = frozenset({"_thread.start_new_thread", "_thread.start_joinable_thread"})
"""A thread that starts, told by CPython 3.12 and later, and by 3.13 otherwise."""
SIGNALS = frozenset({"os.kill", "os.killpg", "signal.pthread_kill"})
_ARENA = "/dev/shm/pym-"
"""How multiprocessing calls the memory of its values; the file is gone as soon as it is open."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class RefusedError(PermissionError):
    """What the sandbox refused; the message names the option that allows it."""


class AllowError(ValueError):
    """`--toolaudit-allow` says something that is not understood."""


@dataclass(frozen=True)
class Allowed:
    """What a project allows by name: hosts, programs, folders, and signals; `option` is what messages name."""

    hosts: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ()
    signals: bool = False
    option: str = OPTION


def parse(words: Iterable[str], option: str = OPTION) -> Allowed:
    """`net:127.0.0.1`, `subprocess:git`, `write:PATH`, `signal`, comma-separated or given several times; a bare `net` or `subprocess` allows all.

    Raises AllowError for anything else.
    """
    hosts, programs, folders, signals = set(), set(), [], False
    for word in (part.strip() for text in words for part in text.split(",") if part.strip()):
        kind, _, value = word.partition(":")
        if kind == "net":
            hosts.add(value or "*")
        elif kind == "subprocess":
            programs.add(value or "*")
        elif kind == "write" and value:
            folders.append(str(Path(value).resolve()))
        elif kind == "signal":
            signals = True
        else:
            raise AllowError(f"{option}={word}: expected net:HOST, subprocess:PROGRAM, write:PATH or signal")
    return Allowed(frozenset(hosts), frozenset(programs), tuple(folders), signals, option)


@dataclass
class Sandbox:
    """Refuses, while entered, what is not allowed. `refused` lists what was, in order and once each."""

    allowed: Allowed = field(default_factory=Allowed)
    folders: tuple[str, ...] = ()
    refused: list[str] = field(default_factory=list)

    @property
    def offline(self) -> bool:
        """Whether what was refused first would have reached the network."""
        return any(text.partition(" ")[0] in NETWORK for text in self.refused[:1])

    @contextmanager
    def entered(self) -> Iterator[Sandbox]:
        """Active in the whole process: tools may run in any thread."""
        _install()
        before, bytecode = _Active.sandbox, sys.dont_write_bytecode
        _Active.sandbox, sys.dont_write_bytecode = self, True
        patches, there = Patches(), set(threading.enumerate())
        install(patches, _audit, paused)
        try:
            yield self
        finally:
            patches.undo()
            known = [(thread, box) for thread, box in _Active.left_behind.values() if thread.is_alive()]
            left = [(thread, self) for thread in threading.enumerate() if thread not in there]
            _Active.left_behind = {thread.ident: (thread, box) for thread, box in (*left, *known)}
            _Active.sandbox, sys.dont_write_bytecode = before, bytecode

    def judge(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        """Why an audit event is refused; None when it may happen."""
        if event in ("open", "open at"):
            path, mode, flags = (*arguments, None, None)[:3] if event == "open" else (arguments[0], None, arguments[1])
            writing = bool(flags & _WRITING) if isinstance(flags, int) else any(c in str(mode or "r") for c in "wax+")
            return self._write(event, path, _folder(event, arguments, 0)) if writing and not isinstance(path, int) else None
        if event == "sqlite3.connect":
            file = database_file(arguments[0])
            return self._write(event, file) if file is not None else None
        if event == "os.mkdir" and os.path.lexists(_joined(arguments[0], _folder(event, arguments, 0)) or ""):
            return None  # it fails by itself, and tools make sure so that a folder is there
        if event in CONTENT | ENTRIES:
            return self._write(event, arguments[0], _folder(event, arguments, 0))
        if event == "os.link" and (reason := self._write("open", arguments[0], _folder(event, arguments, 0))) is not None:
            return reason.replace("open writes", "os.link reaches", 1)  # it may follow a symbolic link
        if event in ENTRIES_TWO:
            judged = (self._write(event, arguments[place], _folder(event, arguments, place)) for place in ENTRIES_TWO[event])
            return next((reason for reason in judged if reason is not None), None)
        if event in NETWORK:
            return self._network(event, arguments)
        if event in PROCESSES:
            return self._process(event, arguments)
        if event in SIGNALS and not self.allowed.signals and not self._own_child(event, arguments):
            return f"{event} sends a signal; {self.allowed.option}=signal allows it"
        return None

    def _own_child(self, event: str, arguments: tuple[Any, ...]) -> bool:
        """Whether the signal ends a program that was allowed to start; told by /proc, so elsewhere it is refused."""
        if event != "os.kill" or not self.allowed.programs or not arguments:
            return False
        try:
            with io.FileIO(f"/proc/{int(arguments[0])}/stat") as file:
                return int(file.readall().rpartition(b") ")[2].split()[1]) == os.getpid()
        except (OSError, ValueError, IndexError):
            return False

    def _write(self, event: str, path: Any, folder: int | None = None) -> str | None:
        named = of_descriptor(path) if isinstance(path, int) else _joined(path, folder)
        if named is None:
            return None
        full = os.path.realpath(named)
        if event not in CONTENT:  # the entry itself, wherever it leads
            full = os.path.join(os.path.realpath(os.path.dirname(named)), os.path.basename(named))
        if full in (os.devnull, "/dev/tty") and event == "open":  # opened, not removed or replaced
            return None
        if full.startswith(f"{_ARENA}{os.getpid()}-"):
            return None
        roots = (*self.folders, *self.allowed.folders)
        if any(_below(full, os.path.realpath(root)) for root in roots) and not _is_device(full):
            return None
        return f"{event} writes {full}, outside the working folder; {self.allowed.option}=write:{os.path.dirname(full)} allows it"

    def _network(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        place = 1 if event in ("socket.connect", "socket.bind", "socket.sendto") and len(arguments) > 1 else 0
        address = arguments[place]
        if isinstance(address, str | bytes) and event.startswith(("socket.connect", "socket.bind")):
            return None  # a local socket file
        named = address[0] if isinstance(address, tuple) and address else address
        host = named.decode(errors="replace") if isinstance(named, bytes) else str(named)
        if "*" in self.allowed.hosts or host in self.allowed.hosts:
            return None
        if _loopback(host) and (event == "socket.bind" or any(map(_loopback, self.allowed.hosts))):
            return None  # a socket that nobody outside reaches; libraries probe so for IPv6
        return f"{event} reaches {host}; {self.allowed.option}=net:{host} allows it"

    def _process(self, event: str, arguments: tuple[Any, ...]) -> str | None:
        program = arguments[0] if arguments else event
        if isinstance(program, list | tuple):
            program = program[0] if program else event
        name = os.path.basename(os.fsdecode(program).split()[0] if isinstance(program, str | bytes) and program else event)
        if "*" in self.allowed.programs or name in self.allowed.programs:
            return None
        return f"{event} starts {name}; {self.allowed.option}=subprocess:{name} allows it"


class _Active:
    sandbox: Sandbox | None = None
    installed = False
    left_behind: ClassVar[dict[int | None, tuple[threading.Thread, Sandbox]]] = {}
    """Threads that the project's code has started and that go on: they stay in the sandbox that they began in."""


class _Paused(threading.local):
    """Of each thread: whether what it does is the project's test code, which pytest runs as it always does."""

    on = False


_PAUSED = _Paused()


@contextmanager
def paused() -> Iterator[None]:
    """While entered, nothing is refused to this thread; others stay in the sandbox."""
    before, _PAUSED.on = _PAUSED.on, True
    try:
        yield
    finally:
        _PAUSED.on = before


def _folder(event: str, arguments: tuple[Any, ...], place: int) -> int | None:
    """The descriptor of the folder below which the path at this place of the event lies; None for the working folder."""
    places = FOLDERS_AT.get(event, ())
    at = places[min(place, len(places) - 1)] if places else len(arguments)
    found = arguments[at] if at < len(arguments) else None
    return found if isinstance(found, int) and found >= 0 else None


def _joined(path: Any, folder: int | None) -> str | None:
    """A path below the folder of a descriptor, absolute; None for what is no path."""
    try:
        text = os.fsdecode(path)
    except (TypeError, ValueError):
        return None
    base = of_descriptor(folder) if folder is not None else None
    return os.path.join(base or "", text.rstrip(os.sep) or text)


def _is_device(path: str) -> bool:
    try:
        kind = os.lstat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(kind) or stat.S_ISBLK(kind)


def _loopback(host: str) -> bool:
    return host == "localhost" or host == "::1" or host.startswith("127.")


def _below(path: str, root: str) -> bool:
    return path == root or path.startswith(root.rstrip(os.sep) + os.sep)


def _install() -> None:
    if not _Active.installed:
        _Active.installed = True
        sys.addaudithook(_audit)


_is_alive = threading.Thread.is_alive  # a batch puts its own in its place, which raises events again


def _of_thread() -> Sandbox | None:
    thread, box = _Active.left_behind.get(get_ident(), (None, None))
    return box if thread is not None and _is_alive(thread) else None  # another thread may have its number since


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    sandbox = _Active.sandbox or (_of_thread() if _Active.left_behind else None)
    if sandbox is None or _PAUSED.on:
        return
    if event in STARTS and _Active.sandbox is None:
        raise RefusedError("toolaudit's sandbox: a thread that was left behind starts another one")
    with quiet():  # looking where a path leads is no point
        reason = sandbox.judge(event, arguments)
    if reason is not None:
        if reason not in sandbox.refused:
            sandbox.refused.append(reason)
        raise RefusedError(f"toolaudit's sandbox: {reason}")
