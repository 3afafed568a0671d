"""GraphQL, FHIR's operations, and what the server says that it can do."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pymedplum_runtime.cli.client import invocation
from pymedplum_runtime.cli.exits import CommandError, UsageError
from pymedplum_runtime.cli.input import pairs, read_object, read_text, reference
from pymedplum_runtime.cli.output import write_json
from pymedplum_runtime.cli.tables import counted, write_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymedplum_runtime.capabilities import Capabilities, ResourceCapabilities

_INTERACTIONS = ("read", "search-type", "create", "update", "patch", "delete", "history-instance")


def graphql(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Argument(metavar="FILE|-", help="The query; stdin without a file.")
    ] = None,
    *,
    variables: Annotated[
        str | None, typer.Option(help="A JSON file with the variables.", metavar="FILE")
    ] = None,
) -> None:
    """Run a GraphQL query; errors of single fields are in the result."""
    query = _decoded(read_text(source))
    values = None if variables is None else read_object(variables)
    with invocation(context).client() as client:
        answer = client.execute_graphql(query, values)
    write_json(answer)
    if answer.get("errors"):
        raise CommandError(f"{counted(len(answer['errors']), 'error')} in the result's `errors`")


def operation(  # noqa: PLR0913 - one for each option
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="With or without the $.")],
    what: Annotated[
        str | None,
        typer.Argument(metavar="TYPE|TYPE/ID", help="What it is of; the server without it."),
    ] = None,
    *,
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=TEXT", help="A parameter; NAME:=JSON for numbers, booleans and resources."
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(metavar="FILE|-", help="The body as a JSON file, Parameters mostly."),
    ] = None,
    method: Annotated[Literal["GET", "POST"], typer.Option(help="How it is called.")] = "POST",
) -> None:
    """Run a FHIR operation."""
    if body is not None and (param or method == "GET"):
        raise UsageError("--body goes with neither --param nor --method GET")
    resource_type, resource_id = _target(what)
    values = read_object(body) if body is not None else _values(param or []) or None
    with invocation(context).client() as client:
        answer: Any = client.execute_operation(
            resource_type,
            name,
            resource_id,
            values,
            method=method,
            wrap_params=body is None and values is not None and method == "POST",
        )
    if answer is not None:
        write_json(answer)


def capabilities(
    context: typer.Context,
    resource_type: Annotated[
        str | None, typer.Argument(metavar="TYPE", help="What can be done with this type.")
    ] = None,
    *,
    output: Annotated[
        Literal["table", "json"] | None,
        typer.Option(
            "--format", help="json gives the CapabilityStatement, or its part on the type."
        ),
    ] = None,
) -> None:
    """Show what the server says that it can do."""
    with invocation(context).client() as client:
        found = client.capabilities()
    listed = None if resource_type is None else _resource(found, resource_type)
    if output == "json":
        write_json(found.statement if listed is None else _part(found, listed.resource_type))
    elif listed is None:
        _write_types(found)
    else:
        _write_type(found, listed)


def _decoded(text: bytes) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    raise UsageError("the query is not UTF-8")


def _target(what: str | None) -> tuple[str | None, str | None]:
    if what is None or "/" not in what:
        return what, None
    return reference(what)


def _values(given: list[str]) -> dict[str, Any]:
    """Collect parameters; one that is given again becomes a list."""
    values: dict[str, list[Any]] = {}
    for name, text in pairs(given):
        is_json = name.endswith(":")
        values.setdefault(name.removesuffix(":"), []).append(_json(name, text) if is_json else text)
    return {name: each[0] if len(each) == 1 else each for name, each in values.items()}


def _json(name: str, text: str) -> Any:  # noqa: ANN401 - any JSON value
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - msgspec, where JSON is read

    try:
        return codec.decode(text)
    except codec.JsonTextError:
        pass
    raise UsageError(f"--param {name}= is no JSON; a text is given as name=text")


def _resource(found: "Capabilities", resource_type: str) -> "ResourceCapabilities":
    try:
        return found.resource(resource_type)
    except ValueError as error:  # there is no such type
        problem = str(error)
    raise UsageError(problem)


def _part(found: "Capabilities", resource_type: str) -> Any:  # noqa: ANN401 - any JSON value
    for rest in found.statement.get("rest", []):
        for resource in rest.get("resource", []):
            if resource.get("type") == resource_type:
                return resource
    raise CommandError(f"the server's CapabilityStatement does not list {resource_type}")


def _write_types(found: "Capabilities") -> None:
    rows = [
        [each.resource_type, *("yes" if i in each.interactions else "" for i in _INTERACTIONS)]
        for each in found.resources.values()
    ]
    write_table(["type", *_INTERACTIONS], rows)


def _write_type(found: "Capabilities", listed: "ResourceCapabilities") -> None:
    write_table(["what", "name", "type"], _rows(found, listed))


def _rows(found: "Capabilities", listed: "ResourceCapabilities") -> "Iterator[list[str]]":
    yield from (["interaction", name, ""] for name in sorted(listed.interactions))
    yield from (["operation", f"${name}", ""] for name in sorted(listed.operations))
    for name, parameter in sorted(found.search_params(listed.resource_type).items()):
        yield ["search parameter", name, parameter.type or ""]
    yield from (["include", name, ""] for name in sorted(listed.search_includes))
    yield from (["revinclude", name, ""] for name in sorted(listed.search_revincludes))
