"""Single resources: read, write, delete."""

from typing import Annotated, Any, cast

import typer

from pymedplum_runtime.cli.client import Client, invocation
from pymedplum_runtime.cli.exits import CommandError, UsageError, tell
from pymedplum_runtime.cli.input import confirm, read_list, read_resource, reference
from pymedplum_runtime.cli.output import write_json, write_ndjson

Reference = Annotated[str, typer.Argument(metavar="TYPE/ID", help="Such as Patient/123.")]
Source = Annotated[
    str | None, typer.Argument(metavar="FILE|-", help="A JSON file; stdin where none is named.")
]
_PAGE = 1000  # versions; the server gives no more


def get(
    context: typer.Context,
    what: Reference,
    *,
    version: Annotated[
        str | None, typer.Option(help="This version of it.", metavar="VERSION")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="All versions, newest first, one a line.")
    ] = False,
) -> None:
    """Read a resource."""
    resource_type, resource_id = reference(what)
    if history and version is not None:
        raise UsageError("give either --history or --version")
    with invocation(context).client() as client:
        if history:
            _write_history(client, resource_type, resource_id)
        elif version is not None:
            write_json(client.vread_resource(resource_type, resource_id, version))
        else:
            write_json(client.read_resource(resource_type, resource_id))


def _write_history(client: Client, resource_type: str, resource_id: str) -> None:
    """Write the versions; a deletion, which has no resource, is told on stderr."""
    offset = 0
    while True:
        bundle = client.resource_history(resource_type, resource_id, count=_PAGE, offset=offset)
        entries: list[dict[str, Any]] = bundle.get("entry") or []
        write_ndjson(entry["resource"] for entry in entries if "resource" in entry)
        deletions = sum("resource" not in entry for entry in entries)
        if deletions:
            tell(f"deleted {deletions} times in between" if deletions > 1 else "deleted once")
        offset += len(entries)
        if len(entries) < _PAGE:
            return


def create(context: typer.Context, source: Source = None) -> None:
    """Create a resource; what the server stored is the result."""
    resource = read_resource(source)
    with invocation(context).client() as client:
        write_json(client.create_resource(resource))


def update(
    context: typer.Context,
    source: Source = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite whatever version is stored.")
    ] = False,
) -> None:
    """Replace a resource, if it is still in the version that the file names.

    The file has the id and, in meta.versionId, the version that was read.
    """
    resource = read_resource(source)
    if not force and not _version(resource):
        raise UsageError("meta.versionId is missing, so this may overwrite a change; --force does")
    with invocation(context).client() as client:
        write_json(client.update_resource(resource, if_match=not force))


def _version(resource: dict[str, Any]) -> object:
    meta = resource.get("meta")
    return cast("dict[str, Any]", meta).get("versionId") if isinstance(meta, dict) else None


def patch(
    context: typer.Context,
    what: Reference,
    source: Source = None,
    *,
    version: Annotated[
        str | None, typer.Option(help="Only while this is the version.", metavar="VERSION")
    ] = None,
) -> None:
    """Change a resource by a JSON Patch (RFC 6902): an array of operations."""
    resource_type, resource_id = reference(what)
    operations = read_list(source)
    tag = None if version is None else f'W/"{version}"'
    with invocation(context).client() as client:
        write_json(client.patch_resource(resource_type, resource_id, operations, if_match=tag))


def delete(
    context: typer.Context,
    what: Reference,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a resource; asks first in a terminal, and needs --yes elsewhere."""
    resource_type, resource_id = reference(what)
    if not yes and not confirm(f"Delete {what}?"):
        raise CommandError("nothing was deleted; --yes deletes without asking")
    with invocation(context).client() as client:
        client.delete_resource(resource_type, resource_id)
    tell(f"deleted {what}")
