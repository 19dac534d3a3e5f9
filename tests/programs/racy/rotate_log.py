"""exists, then rename. Depth 1."""

import os


def prepare():
    with open("log.txt", "w") as f:
        f.write("x")


def rotate(source, target):
    if os.path.exists(source):
        os.rename(source, target)
        return "rotated"
    return "nothing to rotate"


EXPECTED = "racy"
RESOURCES = {"file:log.txt"}
CALLS = [(rotate, "log.txt", "log.1"), (rotate, "log.txt", "log.2")]
