"""The values that the clients' templates render: frozen, complete, every decision made."""

from dataclasses import dataclass
from typing import Literal

ArgumentKind = Literal["positional", "keyword", "keywords"]
WirePlace = Literal["path", "query", "header", "body", "parameters"]
Result = Literal["resource", "json", "text", "bytes", "any", "none"]


CALL_OPTIONS = ("headers", "on_behalf_of", "timeout")  # the fields of the runtime's CallOptions


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of a method."""

    name: str
    annotation: str
    default: str | None
    description: str
    kind: ArgumentKind = "positional"

    @property
    def is_option(self) -> bool:
        """Whether it belongs to the options that every call has, which travel together."""
        return self.kind == "keyword" and self.name in CALL_OPTIONS


@dataclass(frozen=True, slots=True)
class Signature:
    """What stands between the name of a method and its body."""

    arguments: tuple[Argument, ...]
    result: str


@dataclass(frozen=True, slots=True)
class WireParameter:
    """Where an argument travels: a row of the runtime's `Endpoint`."""

    name: str
    wire: str
    place: WirePlace
    type: str = ""
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request, for the methods that are nothing more."""

    name: str
    method: str
    path: str
    is_fhir: bool
    parameters: tuple[WireParameter, ...]
    content_type: str | None
    result: Result
    replay_safe: bool | None


@dataclass(frozen=True, slots=True)
class EndpointCall:
    """A method that is one request: what it sends, always or as given, and how."""

    endpoint: str
    values: tuple[str, ...]
    constants: tuple[tuple[str, str], ...]
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LateImport:
    """A name that a method imports when it is called, since few programs call it."""

    module: str
    name: str
    alias: str


@dataclass(frozen=True, slots=True)
class Method:
    """One method of one of the two clients.

    `keyword` is `def` or `async def`; `opening` is what the body does with the driver's answer, and
    `handle` the class that takes driver and answer and is what the caller gets.
    """

    name: str
    alias: str | None
    keyword: str
    overloads: tuple[Signature, ...]
    signature: Signature
    docstring: tuple[str, ...]
    opening: str
    driver_method: str
    flow: str | None
    call: EndpointCall | None
    returns_answer: bool
    imports: tuple[LateImport, ...] = ()
    handle: str | None = None


@dataclass(frozen=True, slots=True)
class Import:
    """Names from a module."""

    module: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupProperty:
    """A property of the client that gives the methods of a group."""

    name: str
    module: str
    class_name: str
    description: str


@dataclass(frozen=True, slots=True)
class Variant:
    """All that differs between the two clients."""

    client: str
    manner: str
    module: str
    group_prefix: str
    class_prefix: str
    base: str
    driver: str
    http_client: str
    hook: str
    hook_types: tuple[str, ...]
    keyword: str
    wait: str
    iterator: str
    callers: str
    block: str
    close: str


@dataclass(frozen=True, slots=True)
class MethodModule:
    """One generated module with a class of methods: a client, or a group of one."""

    name: str
    class_name: str
    about: str
    variant: Variant
    methods: tuple[Method, ...]
    groups: tuple[GroupProperty, ...]
    flows: tuple[str, ...]
    endpoints: str | None
    types: tuple[Import, ...]

    @property
    def module(self) -> str:
        """The module under the package, as imports name it."""
        return self.name

    @property
    def names(self) -> tuple[str, ...]:
        """What the module gives to the package."""
        return (self.class_name,)


@dataclass(frozen=True, slots=True)
class EndpointModule:
    """One generated table of endpoints."""

    name: str
    owner: str
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True)
class Api:
    """Everything that the description of the API generates."""

    file: str = ""
    clients: tuple[MethodModule, ...] = ()
    groups: tuple[MethodModule, ...] = ()
    endpoints: tuple[EndpointModule, ...] = ()
    schemas: frozenset[str] = frozenset()
