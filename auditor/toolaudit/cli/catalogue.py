"""`toolaudit catalogue`: what an API is known to do."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("catalogue")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--file", "files", multiple=True, type=click.Path(path_type=Path), help="Also this catalogue file (see FORMAT.md).")
def command(names: tuple[str, ...], files: tuple[Path, ...]) -> int:
    """Say what NAME (fully qualified: os.replace, redis.Redis.incr) does; without a NAME, list the libraries.

    The files that the configuration names count too.
    """
    from toolaudit.catalogue import lookup
    from toolaudit.cli.settings import configured

    catalogue = lookup.load((*configured("catalogue"), *files))
    if not names:
        for root in catalogue.roots:
            library = catalogue.library(root)
            click.echo(f"{root:24} default: {library.default if library is not None else 'unknown'}")
        return 0
    missing = 0
    for name in names:
        entry = catalogue.function(name)
        if entry is None and catalogue.known_type(name):
            click.echo(f"{name}: a known type; ask for its methods")
            continue
        if entry is None:
            library = catalogue.library(name)
            default = f"; calls of {library.roots[0]} that are not listed count as {library.default}" if library is not None else ""
            click.echo(f"{name}: not in the catalogue{default}")
            missing += 1
            continue
        import msgspec

        click.echo(f"{name}: {msgspec.json.encode(_plain(entry)).decode()}")
    return 1 if missing else 0


def _plain(entry: object) -> dict[str, object]:
    """The entry without what it leaves at its default."""
    import msgspec

    kept: dict[str, object] = {}
    for field in msgspec.structs.fields(entry):  # type: ignore[arg-type]
        value = getattr(entry, field.name)
        if value not in (None, "", (), [], {}, False):
            kept[field.encode_name] = value
    return kept
