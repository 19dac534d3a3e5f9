"""The commands, one module each, loaded when they are asked for: `--help` and `--version` import none of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import click

from toolaudit import __version__
from toolaudit.errors import EXIT_BUG, ToolauditError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "scan": "Find the tools, what each touches, and which pairs clash.",
    "confirm": "Run the scan's suspicious pairs under controlled interleavings: prove or clear each.",
    "report": "Merge scans and confirm results into one page and one gate.",
    "explain": "Say what a code means, why it matters and what to do.",
    "graph": "Print the coupling graph of the tools.",
    "frameworks": "List the frameworks that are understood, and how each runs the calls of one turn.",
    "catalogue": "Ask what an API is known to do, or which APIs are not known.",
    "schema": "Print the JSON Schema of the configuration or of a document.",
}


class LazyGroup(click.Group):
    """Lists the commands from a table and imports a command's module only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"toolaudit.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands from the table, so that completing one imports none."""
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in COMMANDS and not ctx.resilient_parsing:
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else f" Commands: {', '.join(COMMANDS)}."
            raise click.UsageError(f"There is no command `{name}`.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="toolaudit")
def toolaudit() -> None:
    """Know, before an agent calls its tools in parallel, which of them silently corrupt each other.

    Start with `toolaudit scan PATH`. Exit codes: 0 gate passed, 1 gate failed, 2 usage or configuration, 3 no tools found,
    4 incomplete (with --strict), 5 a bug of toolaudit.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """The console command: runs and exits; errors of the user's are one line, errors of ours name the place to report them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        code = toolaudit.main(args=list(arguments) if arguments is not None else None, prog_name="toolaudit", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except ToolauditError as error:
        click.echo(f"toolaudit: {error.message}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        where = f" (see `{context.command_path} --help`)" if context is not None else ""
        click.echo(f"toolaudit: {error.format_message()}{where}", err=True)
        sys.exit(2)
    except click.Abort:
        click.echo("toolaudit: interrupted", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception:
        import traceback

        click.echo(traceback.format_exc(), err=True)
        click.echo(f"toolaudit {__version__}: this is a bug of toolaudit; please report it with the lines above.", err=True)
        sys.exit(EXIT_BUG)
