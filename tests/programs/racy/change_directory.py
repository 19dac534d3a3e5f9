"""os.chdir there and back. Depth 2: one call must stand in the other one's folder and not return."""

import os


def prepare():
    for name in ("d1", "d2"):
        os.mkdir(name)
        open(os.path.join(name, "in_" + name), "w").close()


def list_dir(name):
    old = os.getcwd()
    os.chdir(os.path.join(old, name))
    try:
        return sorted(os.listdir("."))
    finally:
        os.chdir(old)


EXPECTED = "racy"
RESOURCES = {"cwd:process"}
CALLS = [(list_dir, "d1"), (list_dir, "d2")]
