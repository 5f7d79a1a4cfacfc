"""The commands and their options. Each imports what does its work when it runs, so that help is quick."""

from __future__ import annotations

import enum
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer

from headless.errors import HeadlessError

cli = typer.Typer(
    name="headless",
    help="Declare collections; get a REST API, an admin and live streams.",
    epilog="Begin with: headless new shop && cd shop && headless dev",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
users = typer.Typer(help="The people who may log in.", no_args_is_help=True)
cli.add_typer(users, name="users")
migrate = typer.Typer(
    help="Change the database when declarations change: in files that are reviewed, and taken once by each database.",
    no_args_is_help=True,
)
cli.add_typer(migrate, name="migrate")

ConfigOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE|MODULE:app",
        help="The declaration; else HEADLESS_CONFIG, else what is found in this folder.",
        show_default=False,
    ),
]
ImportOption = Annotated[
    list[str] | None,
    typer.Option(
        "--import",
        metavar="FILE",
        help="A Python file with functions that the YAML names; may be given several times.",
        show_default=False,
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="The last migration to be taken, or to be left.", show_default=False),
]
LossOption = Annotated[bool, typer.Option("--allow-destructive", help="Take steps by which values are lost, too.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HostOption = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 is every one of this machine.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 is any free one.")]


def run(arguments: list[str]) -> int:
    """Runs one command. Returns the exit code; errors are printed, not raised."""
    try:
        if arguments and not arguments[0].startswith("-") and arguments[0] not in built_in_names():
            add_plugin_commands(arguments[0])
        cli(arguments, prog_name="headless")
    except SystemExit as exit:
        return exit.code if isinstance(exit.code, int) else int(exit.code is not None)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        from headless.cli.output import fail

        fail(error)
        return 1
    return 0


def built_in_names() -> set[str]:
    """The commands that need no project to be known."""
    commands = {command.name or command.callback.__name__ for command in cli.registered_commands if command.callback}
    return commands | {group.name for group in cli.registered_groups if group.name}


def add_plugin_commands(wanted: str) -> None:
    """Lets the plugins of the project in this folder add theirs, when `wanted` is none of ours."""
    from headless.cli.loading import load_app
    from headless.environment import load_environment
    from headless.project import find_project

    try:
        project = find_project()
    except HeadlessError:
        return
    load_environment(project.root)
    for plugin in load_app(project).plugins:
        if plugin.commands is not None:
            plugin.commands(cli)


def print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"headless {installed_version('headless-content')}")
        raise typer.Exit


@cli.callback()
def headless(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=print_version)
    ] = False,
) -> None:
    """Declare collections; get a REST API, an admin and live streams."""


@cli.command()
def new(
    name: Annotated[str, typer.Argument(help="The project's name, and the folder it goes into: my-shop.")],
    yaml: Annotated[bool, typer.Option("--yaml", help="Declare in YAML instead of Python.")] = False,
) -> None:
    """Write a new project: one collection, its test, and the settings of this machine."""
    from headless.cli.new import create_project
    from headless.cli.output import results

    for path in create_project(name, Path.cwd(), yaml=yaml):
        results.print(f"  {name}/{path}", markup=False)
    results.print(f"\nNow: [bold]cd {name} && headless dev[/]")


@cli.command()
def dev(
    config: ConfigOption = None,
    imports: ImportOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
) -> None:
    """Serve while you work: starts again when Python or YAML changes, and keeps the database in step."""
    from headless.cli.supervisor import supervise
    from headless.project import find_project

    supervise(find_project(config, imports or ()), host, port)


@cli.command()
def start(
    config: ConfigOption = None,
    imports: ImportOption = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(min=1, help="How many processes serve.")] = 1,
    access_log: Annotated[bool, typer.Option("--access-log", help="Print every request.")] = False,
) -> None:
    """Serve for real. Needs HEADLESS_SECRET; reads DATABASE_URL, HEADLESS_DATA_DIR and a .env file."""
    from headless.cli.serving import serve
    from headless.project import find_project

    serve(find_project(config, imports or ()), host, port, workers=workers, access_log=access_log)


@cli.command()
def routes(config: ConfigOption = None, imports: ImportOption = None) -> None:
    """List every route with the rule that guards it."""
    from headless.cli.inspection import print_routes
    from headless.project import find_project

    print_routes(find_project(config, imports or ()))


@cli.command()
def explain(
    collection: Annotated[str, typer.Argument(help="The slug of a collection or a global: posts.")],
    operation: Annotated[str, typer.Argument(help="find, create, login, … A wrong name lists them all.")],
    who: Annotated[
        str | None,
        typer.Option("--as", metavar="USER", help="An e-mail address, an id, COLLECTION/ID or anonymous; else nobody."),
    ] = None,
    id: Annotated[str | None, typer.Option(help="The document that is meant.", show_default=False)] = None,
    where: Annotated[
        str | None, typer.Option(help="The where of what reads or changes several, as JSON.", show_default=False)
    ] = None,
    sort: Annotated[str | None, typer.Option(help="The order of a find: -createdAt.", show_default=False)] = None,
    field: Annotated[str | None, typer.Option(help="The field of a distinct.", show_default=False)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = None,
    imports: ImportOption = None,
) -> None:
    """Show what an operation would do for somebody: its steps, hooks, rules, SQL and missing indexes."""
    from headless.cli.explanation import print_explanation
    from headless.project import find_project

    print_explanation(
        find_project(config, imports or ()),
        collection,
        operation,
        who=who,
        id=id,
        where=where,
        sort=sort,
        field=field,
        as_json=as_json,
    )


class Generated(enum.StrEnum):
    """What can be generated."""

    openapi = "openapi"
    typescript = "typescript"
    python = "python"
    yaml_schema = "yaml-schema"


@cli.command()
def generate(
    what: Annotated[Generated, typer.Argument(help="The API's description, types, or the schema of YAML files.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where to; printed when it is not given.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    imports: ImportOption = None,
) -> None:
    """Write what follows from the declarations: OpenAPI, types for TypeScript or Python, a schema for editors."""
    from headless.cli.generation import generate as write
    from headless.project import find_project

    write(what.value, lambda: find_project(config, imports or ()), out)


@cli.command()
def transfer(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The URL of the database to copy, which is only read.")],
    target: Annotated[
        str | None,
        typer.Argument(metavar="TO", help="The URL of the one to fill; else DATABASE_URL.", show_default=False),
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Copy nothing, only compare the two.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Delete what an unfinished transfer copied, and begin anew.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    config: ConfigOption = None,
    imports: ImportOption = None,
) -> None:
    """Copy everything from one database to another, and compare them. Run again, it goes on where it was."""
    from headless.cli.transfer import transfer as move
    from headless.project import find_project

    project = find_project(config, imports or ())
    raise typer.Exit(move(project, source, target, verify=verify, restart=restart, as_json=as_json))


@users.command("create")
def create_user(
    email: Annotated[str | None, typer.Option(help="Asked for when it is not given.", show_default=False)] = None,
    collection: Annotated[
        str | None, typer.Option(help="Which users; the admin's when it is not given.", show_default=False)
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Another field's value, as JSON or text.", show_default=False),
    ] = None,
    config: ConfigOption = None,
    imports: ImportOption = None,
) -> None:
    """Create a user. The password is asked for, or read from standard input, never from the command."""
    from headless.cli.accounts import create_account
    from headless.project import find_project

    create_account(find_project(config, imports or ()), email=email, collection=collection, values=values or ())


@migrate.command("create")
def create_migration(
    name: Annotated[str, typer.Argument(help="What changes, in a word or two: headlines.")],
    python: Annotated[bool, typer.Option("--python", help="Write a module, to which you can add your own.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    imports: ImportOption = None,
) -> None:
    """Write a migration: the steps from what the others lead to, to what is declared. It touches no database."""
    from headless.cli.migration import create
    from headless.project import find_project

    create(find_project(config, imports or ()), name, python=python, as_json=as_json)


@migrate.command("plan")
def plan_migrations(
    to: ToOption = None,
    allow_destructive: LossOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
    imports: ImportOption = None,
) -> None:
    """Show what `up` would do, as SQL: it is done in a transaction that is rolled back."""
    from headless.cli.migration import plan
    from headless.project import find_project

    plan(find_project(config, imports or ()), to=to, allow_destructive=allow_destructive, as_json=as_json)


@migrate.command("up")
def take_migrations(
    to: ToOption = None,
    allow_destructive: LossOption = False,
    config: ConfigOption = None,
    imports: ImportOption = None,
) -> None:
    """Bring the database to what is declared, by the migrations it has not had: all of them, or nothing."""
    from headless.cli.migration import up
    from headless.project import find_project

    up(find_project(config, imports or ()), to=to, allow_destructive=allow_destructive)


@migrate.command("down")
def take_back_migrations(
    to: ToOption = None,
    allow_destructive: LossOption = False,
    config: ConfigOption = None,
    imports: ImportOption = None,
) -> None:
    """Take back the migration that was applied last, or all those after `--to`."""
    from headless.cli.migration import down
    from headless.project import find_project

    down(find_project(config, imports or ()), to=to, allow_destructive=allow_destructive)


@migrate.command("status")
def tell_migrations(as_json: JsonOption = False, config: ConfigOption = None, imports: ImportOption = None) -> None:
    """Tell which migrations the database has had. Exits with 1 when it is behind what is declared."""
    from headless.cli.migration import status
    from headless.project import find_project

    if not status(find_project(config, imports or ()), as_json=as_json):
        raise typer.Exit(1)
