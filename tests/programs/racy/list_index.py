"""The next number is the length of a list. Depth 1."""

TASKS = []


def add_task(text):
    number = len(TASKS) + 1
    TASKS.append({"id": number, "text": text})
    return number


EXPECTED = "racy"
RESOURCES = {"memory:TASKS"}
CALLS = [(add_task, "x"), (add_task, "y")]
