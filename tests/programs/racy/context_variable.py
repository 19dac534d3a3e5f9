"""A contextvar that one call sets and another reads: serial runners carry it over, parallel calls never see it."""

from contextvars import ContextVar

TENANT = ContextVar("tenant", default=None)


def set_tenant(tenant):
    TENANT.set(tenant)
    return "ok"


def whoami():
    return TENANT.get()


EXPECTED = "order-dependent"
FAILURE = "context dependency"
CALLS = [(set_tenant, "acme"), (whoami,)]
