"""`toolaudit explain CODE`: the rule's page, in the terminal."""

from __future__ import annotations

import click

from toolaudit.errors import ToolauditError


def _codes(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """For the shell's completion: names, and codes once their letters are typed."""
    from toolaudit import rules

    return [word for rule in rules.rules() for word in (rule.name, rule.code) if word.startswith(incomplete)]


@click.command("explain")
@click.argument("code", required=False, shell_complete=_codes)
@click.option("--all", "everything", is_flag=True, help="Every code, as one Markdown document.")
def command(code: str | None, everything: bool) -> None:
    """Say what CODE (TA101 or lost-update) means, why it matters and what to do."""
    from toolaudit import rules

    if everything:
        click.echo("\n".join(rules.page(rule).rstrip() + "\n" for rule in rules.rules()))
        return
    if code is None:
        for rule in rules.rules():
            click.echo(f"{rule.code}  {rule.name:24} {rule.summary}")
        return
    try:
        rule = rules.find(code)
    except rules.UnknownRuleError as error:
        raise ToolauditError(f"{error}; `toolaudit explain` lists them") from None
    _show(rules.page(rule))


def _show(markdown: str) -> None:
    import sys

    if not sys.stdout.isatty():
        click.echo(markdown.rstrip())
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console().print(Markdown(markdown))
