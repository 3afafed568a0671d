"""What a method returns, and the overloads that follow from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from codegen.ir.api import Argument, Signature

DICT = "dict[str, Any]"
MODEL = "ResourceT"
MODEL_CLASS = "type[ResourceT]"

# One item, and what both kinds of it give: a list is not a list of more, an iterator is.
_SHAPES = {
    "resource": ("{}", f"{DICT} | {MODEL}"),
    "optional_resource": ("{} | None", f"{DICT} | {MODEL} | None"),
    "resources": ("list[{}]", f"list[{DICT}] | list[{MODEL}]"),
    "pages": ("ITERATOR[{}]", f"ITERATOR[{DICT} | {MODEL}]"),
}
BUNDLE = "bundle"
PAGES = "pages"
KINDS = frozenset({*_SHAPES, BUNDLE})
NEEDED = {BUNDLE: ("return_bundle", "as_fhir")} | dict.fromkeys(_SHAPES, ("as_fhir",))


@dataclass(frozen=True, slots=True)
class _Case:
    """An overload: the parameters that select it, with their defaults, and the result."""

    changes: Mapping[str, tuple[str, str | None]]
    result: str


_NO_MODEL = ("None", "None")
_ANY_MODEL = ("type[Any] | None", "None")
_A_MODEL = (MODEL_CLASS, None)

_BUNDLES = (
    _Case({"return_bundle": ("Literal[False]", "False"), "as_fhir": _ANY_MODEL}, DICT),
    _Case({"return_bundle": ("Literal[True]", None), "as_fhir": _NO_MODEL}, f"FHIRBundle[{DICT}]"),
    _Case({"return_bundle": ("Literal[True]", None), "as_fhir": _A_MODEL}, f"FHIRBundle[{MODEL}]"),
    # mypy does not take a plain bool for one of its two values.
    _Case(
        {"return_bundle": ("bool", "False"), "as_fhir": _NO_MODEL}, f"{DICT} | FHIRBundle[{DICT}]"
    ),
    _Case({"return_bundle": ("bool", None), "as_fhir": _A_MODEL}, f"{DICT} | FHIRBundle[{MODEL}]"),
)
_ANY_BUNDLE = f"{DICT} | FHIRBundle[{DICT}] | FHIRBundle[{MODEL}]"


def result_type(returns: str, iterator: str) -> str:
    """Give the type of the result whatever the arguments are."""
    if returns == BUNDLE:
        return _ANY_BUNDLE
    if returns in _SHAPES:
        return _SHAPES[returns][1].replace("ITERATOR", iterator)
    return returns


def overloads(arguments: tuple[Argument, ...], returns: str, iterator: str) -> Iterator[Signature]:
    """Give the signatures that tell a type checker what comes back."""
    for case in _cases(returns, iterator):
        changed = tuple(_change(a, case.changes) for a in arguments)
        for form in _forms(changed, case):
            yield Signature(form, case.result)


def _cases(returns: str, iterator: str) -> tuple[_Case, ...]:
    if returns == BUNDLE:
        return _BUNDLES
    if returns not in _SHAPES:
        return ()
    shape = _SHAPES[returns][0].replace("ITERATOR", iterator)
    return (
        _Case({"as_fhir": _NO_MODEL}, shape.format(DICT)),
        _Case({"as_fhir": _A_MODEL}, shape.format(MODEL)),
    )


def _change(argument: Argument, changes: Mapping[str, tuple[str, str | None]]) -> Argument:
    if argument.name not in changes:
        return argument
    annotation, default = changes[argument.name]
    return replace(argument, annotation=annotation, default=default)


def _forms(arguments: tuple[Argument, ...], case: _Case) -> Iterator[tuple[Argument, ...]]:
    """Write a required argument behind optional ones: all given in order, or it by keyword."""
    required = [
        n
        for n, a in enumerate(arguments)
        if a.kind == "positional" and a.default is None and a.name in case.changes
    ]
    last = max(required, default=0)
    optional = [n for n, a in enumerate(arguments[:last]) if a.default is not None]
    if not optional:
        yield arguments
        return
    yield tuple(replace(a, default=None) if n < last else a for n, a in enumerate(arguments))
    first = min(n for n in required if n > optional[0])
    yield tuple(
        replace(a, kind="keyword") if n >= first and a.kind == "positional" else a
        for n, a in enumerate(arguments)
    )
