"""Exclusive creation is one step."""


def reserve(name, who):
    try:
        with open(name, "x") as f:
            f.write(who)
    except FileExistsError:
        return {"refused": True}
    return {"refused": False}


CALLS = [(reserve, "slot.txt", "ann"), (reserve, "slot.txt", "bob")]
