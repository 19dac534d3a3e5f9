"""Iterators that tools keep: none can be put back to where it was, so each schedule is given a copy of the one that there was."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any

from pytest_toolaudit.generators import ITERATORS

_COUNT = re.compile(r"count\((-?\d+)(?:, (-?\d+))?\)\Z")
_REFUSED = (itertools.cycle,)  # says itself what it would be copied from, and for how long it still will


def _copier(iterator: Any) -> Callable[[], Any] | None:
    """Makes one that stands where this one stands now; None where nothing can."""
    if type(iterator) is itertools.count:
        found = _COUNT.match(repr(iterator))
        return (lambda: itertools.count(int(found[1]), int(found[2] or 1))) if found is not None else None
    if type(iterator) not in ITERATORS or isinstance(iterator, _REFUSED):
        return None
    try:
        kept = copy(iterator)
    except TypeError:  # a generator
        return None
    return lambda: copy(kept)


class Kept:
    """The iterators of a batch: where the pre-images of containers, objects and closures hold them, and how each is copied."""

    def __init__(self, images: Iterable[Any]) -> None:
        self.places: list[tuple[Any, Any, Any]] = []
        self.copiers: dict[int, Callable[[], Any]] = {}
        self.given: dict[int, Any] = {}
        for image in images:
            if isinstance(image, dict | list):
                self._look(image)

    def _look(self, image: Any) -> None:
        for key, value in image.items() if isinstance(image, dict) else enumerate(image):
            if type(value) not in ITERATORS:
                continue
            if id(value) not in self.copiers and (copier := _copier(value)) is not None:
                self.copiers[id(value)] = copier
            if id(value) in self.copiers:
                self.places.append((image, key, value))

    def renew(self) -> None:
        """For the next schedule: a copy of each, the same one in all its places."""
        if self.places:
            self.given = {which: make() for which, make in self.copiers.items()}
            for image, key, value in self.places:
                image[key] = self.given[id(value)]

    def put_back(self) -> None:
        """The batch is over: the ones that there were, which no schedule has touched."""
        for image, key, value in self.places:
            image[key] = value

    def is_copy(self, iterator: Any) -> bool:
        """Whether the next schedule has another one in its place."""
        return any(one is iterator for one in self.given.values())
