"""Rename and see whether it worked."""

import os


def prepare():
    with open("log.txt", "w") as f:
        f.write("x")


def rotate(source, target):
    try:
        os.rename(source, target)
    except FileNotFoundError:
        return "nothing to rotate"
    return "rotated"


CALLS = [(rotate, "log.txt", "log.1"), (rotate, "log.txt", "log.2")]
