"""Sockets: what is sent and received on one is a point. Answers are there before another call comes in between, so that who receives whose does not depend on time."""

from __future__ import annotations

import select
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from pytest_toolaudit.engine.patches import Patches
from pytest_toolaudit.engine.turn import WRITE, Site, holds_turn, point

SENDS, RECEIVES = Site(WRITE, "socket.send"), Site(WRITE, "socket.recv")
GRACE, LOOK = 0.3, 0.0002
SLICE = 3.0  # seconds; longer than the watchdog looks on, since a thread that wakes up seems to work
_clock, _sleep = time.monotonic, time.sleep
_poll = getattr(select, "poll", None)
_asked: dict[int, int] = {}  # by descriptor: how much was there to be read before the last call that sent something did so


def _there(descriptor: int) -> int:
    """How many bytes could be read now."""
    try:
        import fcntl
        import termios

        return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4), sys.byteorder)
    except (ImportError, OSError):
        return 0


def _readable(descriptor: int, seconds: float) -> bool:
    poll = _poll()  # type: ignore[misc]
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _answered(descriptor: int) -> None:
    """After a question: waits a moment until more is there than before it."""
    before = _asked.pop(descriptor, None)
    if before is None:
        return
    end = _clock() + GRACE
    if before == 0:
        _readable(descriptor, GRACE)
        return
    while _there(descriptor) <= before and _clock() < end:
        _sleep(LOOK)


def _blocks(self: socket.socket) -> bool:
    return _poll is not None and self.gettimeout() != 0 and self.fileno() >= 0


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, *args: Any, **kwargs: Any) -> Any:
        if holds_turn() and sys._getframe(1).f_code.co_name != "_write_to_self":  # an event loop wakes itself up
            point(SENDS, self, None)
            if _blocks(self):
                _asked[self.fileno()] = _there(self.fileno())
        return original(self, *args, **kwargs)

    return send


def _receiving(original: Callable[..., Any], plain: int) -> Callable[..., Any]:
    def receive(self: Any, *args: Any, **kwargs: Any) -> Any:
        if holds_turn() and sys._getframe(1).f_code.co_name != "_read_from_self":
            blocks = _blocks(self)
            if blocks:
                _answered(self.fileno())
            point(RECEIVES, self, None)
            if blocks and not kwargs and len(args) <= plain:  # with flags it may not be meant to wait
                _wait(self)
        return original(self, *args, **kwargs)

    return receive


def _wait(self: socket.socket) -> None:
    """As receiving itself would, but a call that is given up ends here: it must not take what a later schedule is sent."""
    limit = self.gettimeout()
    end = _clock() + limit if limit is not None else None
    while self.fileno() >= 0 and not _readable(self.fileno(), SLICE if end is None else min(SLICE, max(0.0, end - _clock()))):
        if end is not None and _clock() >= end:
            raise TimeoutError("timed out")


def install(patches: Patches) -> None:
    """The methods of ``socket.socket``."""
    _asked.clear()
    for name in ("send", "sendall", "sendto"):
        patches.set(socket.socket, name, _sending(getattr(socket.socket, name)))
    for name, plain in (("recv", 1), ("recv_into", 2), ("recvfrom", 1)):  # how many arguments come before the flags
        patches.set(socket.socket, name, _receiving(getattr(socket.socket, name), plain))
