"""Renders the clients: writes arguments and calls as Python, decides nothing."""

from collections.abc import Callable, Iterator

from codegen.ir.api import (
    CALL_OPTIONS,
    Api,
    Argument,
    EndpointCall,
    Method,
    Signature,
    WireParameter,
)

Render = Callable[..., str]

PACKAGE = "pymedplum"
SESSION = "self._driver.session"


def render_clients(api: Api, render: Render) -> dict[str, str]:
    """Return the modules of the clients, by their paths under the output folder."""
    files: dict[str, str] = {}
    for client in api.clients:
        files[f"{PACKAGE}/{client.name}.py"] = render("client.py.j2", api=api, module=client)
    if api.clients:
        files[f"{PACKAGE}/__main__.py"] = render("main.py.j2", api=api)
    if api.groups:
        files[f"{PACKAGE}/groups/__init__.py"] = render("groups_init.py.j2", api=api)
    for group in api.groups:
        files[f"{PACKAGE}/groups/{group.name}.py"] = render("group.py.j2", api=api, module=group)
    if api.endpoints:
        files[f"{PACKAGE}/endpoints/__init__.py"] = render("endpoints_init.py.j2", api=api)
    for table in api.endpoints:
        path = f"{PACKAGE}/endpoints/{table.name}.py"
        files[path] = render("endpoints.py.j2", api=api, table=table)
    return files


def declarations(signature: Signature) -> Iterator[str]:
    """Write what stands between the parentheses of a `def`."""
    yield "self"
    is_starred = False
    for argument in signature.arguments:
        if argument.kind == "keyword" and not is_starred:
            is_starred = True
            yield "*"
        yield _declaration(argument)


def handed_on(method: Method) -> Iterator[str]:
    """Write the arguments of the function that implements a method."""
    yield SESSION
    for argument in method.signature.arguments:
        name = argument.name
        if argument.is_option:
            continue
        spellings = {"positional": name, "keyword": f"{name}={name}", "keywords": f"**{name}"}
        yield spellings[argument.kind]
    yield from _options([a.name for a in method.signature.arguments if a.is_option])


def request_arguments(call: EndpointCall) -> Iterator[str]:
    """Write the arguments of the runtime's `call`."""
    given = [f'"{name}": {name}' for name in call.values]
    constant = [f'"{name}": {value!r}' for name, value in call.constants]
    yield SESSION
    yield f"_endpoints.{call.endpoint}"
    yield f"{{{', '.join([*given, *constant])}}}"
    yield from (f"{name}={name}" for name in call.options if name not in CALL_OPTIONS)
    yield from _options([name for name in call.options if name in CALL_OPTIONS])


def _options(names: list[str]) -> Iterator[str]:
    if names:
        yield f"options=CallOptions({', '.join(f'{name}={name}' for name in names)})"


def wire_arguments(parameter: WireParameter) -> Iterator[str]:
    """Write one row of an endpoint: what differs from the defaults."""
    yield from (f'"{text}"' for text in (parameter.name, parameter.wire, parameter.place))
    if parameter.type:
        yield f'type="{parameter.type}"'
    if parameter.repeats:
        yield "repeats=True"


def _declaration(argument: Argument) -> str:
    if argument.kind == "keywords":
        return f"**{argument.name}: {argument.annotation}"
    tail = "" if argument.default is None else f" = {argument.default}"
    return f"{argument.name}: {argument.annotation}{tail}"


FILTERS = {
    "declarations": declarations,
    "handed_on": handed_on,
    "request_arguments": request_arguments,
    "wire_arguments": wire_arguments,
}
