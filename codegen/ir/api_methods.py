"""Reads `x-python`: every method with its parameters, its result and its texts."""

import keyword
from collections.abc import Iterator
from dataclasses import dataclass

from codegen.ir.api import Argument, Endpoint, Result
from codegen.ir.api_arguments import AS_FHIR, EVERY_CALL, OPTIONS, PREFER_ASYNC, Arguments
from codegen.ir.api_docs import Texts
from codegen.ir.api_document import FHIR_BASE, Document, Operation
from codegen.ir.api_examples import Callee
from codegen.ir.api_requests import Answer, Carried, Requests
from codegen.ir.api_returns import KINDS, NEEDED, PAGES
from codegen.ir.api_types import HANDLES, FhirTypes, check_type
from codegen.load import Json

KEYS = frozenset({
    "name", "alias", "flow", "parameters", "returns", "summary", "description", "result", "raises",
    "example", "operation", "body", "replay", "asynchronous", "content",
})  # fmt: skip
# What describes a request, which a flow makes by itself.
_OF_REQUESTS = ("asynchronous", "body", "content", "operation", "replay")
CORE = "flows"  # the package of the runtime whose modules are loaded with the client
LATE_PACKAGES = frozenset({"bulk", "cds", "loading"})  # those that a method loads when it is called
_REPLAY = {"safe": True, "unsafe": False}


@dataclass(frozen=True, slots=True)
class Flow:
    """The function that implements a method, in a package of the runtime."""

    package: str
    module: str
    function: str

    @property
    def is_core(self) -> bool:
        """Whether its module is loaded with the client, not only when it is called."""
        return self.package == CORE


@dataclass(frozen=True, slots=True)
class Plan:
    """A method as both clients have it."""

    place: str
    group: str | None
    name: str
    alias: str | None
    flow: Flow | None
    arguments: tuple[Argument, ...]
    returns: str
    texts: Texts
    endpoint: Endpoint | None
    constants: tuple[tuple[str, str], ...] = ()

    @property
    def dotted(self) -> str:
        """The method as it is called on a client."""
        return f"{self.group}.{self.name}" if self.group else self.name

    @property
    def is_iterator(self) -> bool:
        """Whether a call gives an iterator instead of something to wait for."""
        return self.returns == PAGES

    @property
    def callee(self) -> Callee:
        """What an example may do with it."""
        return Callee(
            is_iterator=self.is_iterator,
            is_handle=self.returns in HANDLES,
            positional=tuple(a.name for a in self.arguments if a.kind == "positional"),
            keywords=frozenset(a.name for a in self.arguments if a.kind != "keywords"),
            takes_more=any(a.kind == "keywords" for a in self.arguments),
        )


@dataclass(frozen=True, slots=True)
class _Method:
    """One entry of `methods`, with the operation that it belongs to."""

    operation: Operation
    json: Json
    answer: Answer

    @property
    def place(self) -> str:
        return f"{self.operation.place}: {self.json.get('name')}"

    @property
    def returns(self) -> str:
        return str(self.json.get("returns") or self.answer.returns)

    @property
    def is_request(self) -> bool:
        return not self.json.get("flow")


class Methods:
    """Reads the methods of a document."""

    def __init__(self, document: Document, fhir: FhirTypes) -> None:
        self._document = document
        self._requests = Requests(document, fhir)

    def plans(self) -> list[Plan]:
        """Give every method in the order of the document."""
        return [plan for operation in self._document.operations() for plan in self._of(operation)]

    def _of(self, operation: Operation) -> Iterator[Plan]:
        extension = operation.json.get("x-python")
        if not isinstance(extension, dict):
            self._document.report(operation.place, "has no x-python")
            return
        methods: list[Json] = extension.get("methods") or []
        if not methods and not extension.get("reason"):
            self._document.report(operation.place, "has neither methods nor a reason for none")
        self._requests.check_path(operation)
        for json in methods:
            yield from self._plan(_Method(operation, json, self._answer(operation, json)))

    def _answer(self, operation: Operation, method: Json) -> Answer:
        if operation.verb:
            return self._requests.answer(operation)
        for key in ("flow", "parameters", "returns"):
            if key not in method:
                message = f"lacks {key}: it belongs to no operation that would tell"
                self._document.report(f"{operation.place}: {method.get('name')}", message)
        return Answer("none", "None", "")

    def _plan(self, method: _Method) -> Iterator[Plan]:
        name = str(method.json.get("name") or "")
        unknown = sorted(method.json.keys() - KEYS)
        if unknown:
            self._document.report(method.place, f"has the unknown keys {', '.join(unknown)}")
        group, _, plain = name.rpartition(".")
        if not all(map(_is_name, name.split("."))) or "." in group:
            self._document.report(method.place, "has no name for a method")
            return
        is_written = not method.is_request and "parameters" in method.json
        for key in _OF_REQUESTS if is_written else ():
            if key in method.json:
                self._document.report(method.place, f"has '{key}', without effect beside a flow")
        carried = [] if is_written else self._requests.carried(method.operation, method.json)
        arguments = self._arguments(method, [c.argument for c in carried if c.constant is None])
        self._check_returns(method, arguments)
        yield Plan(
            place=method.place,
            group=group or None,
            name=plain,
            alias=method.json.get("alias"),
            flow=self._flow(method),
            arguments=arguments,
            returns=method.returns,
            texts=self._texts(method),
            endpoint=self._endpoint(method, carried, arguments) if method.is_request else None,
            constants=tuple((c.wire.name, c.constant) for c in carried if c.constant is not None),
        )

    def _flow(self, method: _Method) -> Flow | None:
        if method.is_request:
            return None
        text = str(method.json["flow"])
        parts = text.split(".")
        package = parts.pop(0) if parts[0] in LATE_PACKAGES else CORE
        if len(parts) != len(("module", "function")) or not all(map(_is_name, parts)):
            message = f"has the flow '{text}', which is no module.function"
            self._document.report(method.place, message)
            return None
        return Flow(package, *parts)

    def _arguments(self, method: _Method, carried: list[Argument]) -> tuple[Argument, ...]:
        maker = Arguments(self._document, method.place)
        if "parameters" in method.json:
            arguments = maker.written(method.json["parameters"] or [], carried)
        else:
            arguments = [*_required_first(carried), *maker.shared(*self._options(method))]
        maker.check(arguments)
        if method.is_request:
            self._check_carried(method, arguments, carried)
        return tuple(arguments)

    def _options(self, method: _Method) -> Iterator[str]:
        if method.json.get("asynchronous"):
            yield PREFER_ASYNC
        if method.returns in KINDS:
            yield AS_FHIR
        yield from EVERY_CALL

    def _check_carried(
        self, method: _Method, arguments: list[Argument], carried: list[Argument]
    ) -> None:
        """Report parameters that a single request has no place for, or lacks."""
        given = {a.name for a in arguments}
        known = {a.name for a in carried}
        for name in sorted(given - known - set(OPTIONS)):
            message = f"has the parameter '{name}', which nothing carries"
            self._document.report(method.place, message)
        for name in sorted({a.name for a in carried if a.default is None} - given):
            self._document.report(method.place, f"lacks the required parameter '{name}'")

    def _check_returns(self, method: _Method, arguments: tuple[Argument, ...]) -> None:
        returns = method.returns
        names = {a.name for a in arguments}
        missing = [name for name in NEEDED.get(returns, ()) if name not in names]
        if missing:
            message = f"returns '{returns}' and lacks the parameter {', '.join(missing)}"
            self._document.report(method.place, message)
        if returns not in KINDS:
            for message in check_type(returns, self._document.schemas):
                self._document.report(method.place, f"returns a value that {message}")
        if method.is_request and returns in KINDS - {"resource"}:
            self._document.report(method.place, f"returns '{returns}', for which it needs a flow")

    def _texts(self, method: _Method) -> Texts:
        own, shared = method.json, method.operation.json
        summary = own.get("summary") or shared.get("summary")
        if not summary:
            self._document.report(method.place, "has no summary")
            summary = own["name"]
        fallback = "" if own.get("summary") else shared.get("description")
        result = "" if method.returns == "None" else own.get("result") or method.answer.description
        return Texts(
            summary=" ".join(str(summary).split()),
            description=str(own.get("description") or fallback or ""),
            result=str(result),
            raises=tuple((str(k), str(v)) for k, v in (own.get("raises") or {}).items()),
            example=str(own.get("example") or "").strip("\n"),
        )

    def _endpoint(
        self, method: _Method, carried: list[Carried], arguments: tuple[Argument, ...]
    ) -> Endpoint:
        operation = method.operation
        given = {a.name for a in arguments}
        is_fhir = f"{operation.path}/".startswith(FHIR_BASE)
        return Endpoint(
            name=str(method.json["name"]).rpartition(".")[2].upper(),
            method=operation.verb.upper(),
            path=operation.path.removeprefix(FHIR_BASE.rstrip("/") if is_fhir else "").lstrip("/"),
            is_fhir=is_fhir,
            parameters=tuple(
                c.wire for c in carried if c.constant is not None or c.argument.name in given
            ),
            content_type=self._requests.content_type(operation, method.json),
            result=_result(method),
            replay_safe=self._replay(method),
        )

    def _replay(self, method: _Method) -> bool | None:
        """Tell whether the request may be repeated, where its verb does not say."""
        replay = str(method.json.get("replay") or "")
        if replay and replay not in _REPLAY:
            self._document.report(method.place, f"has the replay '{replay}', not safe or unsafe")
        is_post = method.operation.verb == "post"
        if is_post and not self._requests.affects_state(method.operation, method.json):
            return _REPLAY.get(replay, True)
        return _REPLAY.get(replay)


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _result(method: _Method) -> Result:
    """Say what the runtime makes of the response: what is written down goes before the rest."""
    chosen: dict[str, Result] = {"resource": "resource", "None": "none", "Any": "any"}
    return chosen.get(method.returns, method.answer.result)


def _required_first(arguments: list[Argument]) -> list[Argument]:
    """Order by kind; what has no default first, as Python wants it."""
    return sorted(arguments, key=lambda a: (a.kind != "positional", a.default is not None))
