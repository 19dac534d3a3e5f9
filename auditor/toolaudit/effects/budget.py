"""How many functions are walked: for the tools of a file, for one of them, and for what comes after a call that takes them all."""

from __future__ import annotations

from dataclasses import dataclass

MOST_WALKS, LEAST_WALKS = 340, 120
"""Functions walked anew for one tool; the median tool reaches 4, nine in ten fewer than 40. What is beyond is an unknown call."""
TOGETHER = 2400
"""Functions walked anew for the tools of one file, as long as each has its least."""
KEPT_BACK = 20
"""Of these for each tool that is still to come: what all of them call is walked for the first, and costs the others little."""
KEPT, KEPT_DEPTH = 16, 5
"""So many of the walks that are left are kept for what a caller does afterwards, near the tool."""


@dataclass(slots=True)
class Budget:
    """The walks of a unit: what its tools have left together, and what the current one has done."""

    most: int = MOST_WALKS
    left: int = TOGETHER
    to_come: int = 0
    """Tools of the unit after the current one."""
    each: int = MOST_WALKS
    walks: int = 0
    stop: int = MOST_WALKS
    """How many there may be when the function that is being walked is done."""

    def begin(self) -> None:
        """A tool's own walks: what the tools before it have left, but for a little for those after it."""
        self.left -= self.walks
        self.each = min(self.most, max(LEAST_WALKS, self.left - KEPT_BACK * self.to_come))
        self.walks, self.stop = 0, self.each + KEPT * KEPT_DEPTH

    def spent(self) -> bool:
        """Nothing more is walked."""
        return self.walks >= self.stop

    def dear(self) -> bool:
        """So much is spent that what was met in another form is not walked once more."""
        return self.walks >= self.each // 3

    def share(self, depth: int) -> int:
        """Where a function at this depth must stop."""
        return self.stop - KEPT if depth < KEPT_DEPTH else self.stop
