"""What `toolaudit confirm docs/examples` cannot make up: the world before each schedule, and who has an account."""

from pathlib import Path


def pytest_toolaudit_state():
    from fixed import world as fixed
    from racy import world as racy

    def fresh():
        racy.fresh_world(Path.cwd())
        fixed.fresh_world(Path.cwd())

    return fresh


def pytest_toolaudit_arguments():
    account = {"owner": "Ada", "amount": 10}
    return {
        "deposit": account,
        "transfer": {"payer": "Ada", "payee": "Ben", "amount": 80},
        "find_customer": {"name": "Ada"},
        "write_offer": {"name": "Ada", "text": "10 % off"},
    }
