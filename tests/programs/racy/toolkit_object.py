"""A toolkit object whose methods share self. Depth 1."""


class Toolkit:
    def __init__(self):
        self.items = []
        self.count = 0

    def add(self, item):
        count = self.count
        self.items.append(item)
        self.count = count + 1
        return "ok"


KIT = Toolkit()
EXPECTED = "racy"
RESOURCES = {"memory:self:count"}
CALLS = [(KIT.add, "x"), (KIT.add, "y")]
