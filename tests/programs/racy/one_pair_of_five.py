"""Five calls of which one pair races. Depth 1; the witness must shrink to that pair."""

PROFILE, WEATHER = {}, {"Oslo": 3, "Rome": 21}
LEDGER = {"total": 0}


def get_weather(city):
    return WEATHER.get(city)


def add(a, b):
    return a + b


def set_profile(key, value):
    PROFILE[key] = value
    return "ok"


def charge(n):
    total = LEDGER["total"]
    total = total + n
    LEDGER["total"] = total
    return "ok"


EXPECTED = "racy"
RESOURCES = {"memory:LEDGER[total]"}
CALLS = [(get_weather, "Oslo"), (charge, 5), (add, 1, 2), (set_profile, "lang", "en"), (charge, 7)]
