"""A value that one call puts into shared context and another one falls back without."""

CONTEXT = {}


def set_language(language):
    CONTEXT["language"] = language
    return "ok"


def greet():
    return {"nl": "hallo", "en": "hello"}[CONTEXT.get("language", "en")]


EXPECTED = "order-dependent"
FAILURE = "context dependency"
RESOURCES = {"memory:CONTEXT[language]"}
CALLS = [(set_language, "nl"), (greet,)]
