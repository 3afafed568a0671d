"""The two clients: one list of methods, written down as synchronous and as asynchronous."""

from collections.abc import Callable, Iterator, Mapping

from codegen.ir.api import EndpointCall, LateImport, Method, Signature, Variant
from codegen.ir.api_arguments import OPTIONS
from codegen.ir.api_docs import docstring, long_lines
from codegen.ir.api_examples import Callee, make_asynchronous
from codegen.ir.api_methods import Plan
from codegen.ir.api_returns import KINDS, overloads, result_type
from codegen.ir.api_types import HANDLES, TYPES, names_in

SYNC = Variant(
    client="MedplumClient",
    manner="synchronous",
    module="client",
    group_prefix="",
    class_prefix="",
    base="SyncClient",
    driver="SyncDriver",
    http_client="Client",
    hook="OnRequestCompleteHook",
    hook_types=("BeforeRequestHook", "OnRequestCompleteHook"),
    keyword="",
    wait="",
    iterator="Iterator",
    callers="threads",
    block="a `with` block",
    close="close",
)
ASYNC = Variant(
    client="AsyncMedplumClient",
    manner="asynchronous",
    module="async_client",
    group_prefix="async_",
    class_prefix="Async",
    base="AsyncClient",
    driver="AsyncDriver",
    http_client="AsyncClient",
    hook="OnRequestCompleteHook | AsyncOnRequestCompleteHook",
    hook_types=("AsyncOnRequestCompleteHook", "BeforeRequestHook", "OnRequestCompleteHook"),
    keyword="async ",
    wait="await ",
    iterator="AsyncIterator",
    callers="tasks",
    block="an `async with` block",
    close="aclose",
)
VARIANTS = (SYNC, ASYNC)

Report = Callable[[str, str], None]  # place inside the document, and what is wrong


def write_method(
    plan: Plan, variant: Variant, methods: Mapping[str, Callee], report: Report
) -> Method:
    """Write one method down for one of the clients."""
    result = _handle(plan, variant) or result_type(plan.returns, variant.iterator)
    returns_answer = _is_untold(plan) and result != "None"
    return Method(
        name=plan.name,
        alias=plan.alias,
        keyword="def" if plan.is_iterator else f"{variant.keyword}def",
        overloads=tuple(overloads(plan.arguments, plan.returns, variant.iterator)),
        signature=Signature(plan.arguments, result),
        docstring=docstring(plan.texts, plan.arguments, _example(plan, variant, methods, report)),
        opening=_opening(plan, variant, result if returns_answer else None),
        driver_method="iterate" if plan.is_iterator else "run",
        flow=f"_{plan.flow.module}.{plan.flow.function}" if plan.flow else None,
        call=_call(plan),
        returns_answer=returns_answer,
        imports=tuple(_imports(plan, variant)),
        handle=_handle(plan, variant),
    )


def _handle(plan: Plan, variant: Variant) -> str | None:
    """Give the class that a caller gets, where it works on with the client's driver."""
    if plan.returns not in HANDLES:
        return None
    return HANDLES[plan.returns] if variant == ASYNC else plan.returns


def _imports(plan: Plan, variant: Variant) -> Iterator[LateImport]:
    """Give what the body imports: beside the core, a program loads only what it uses."""
    handle = _handle(plan, variant)
    if handle:
        yield LateImport(TYPES[handle], handle, f"_{handle}")
    if plan.flow and not plan.flow.is_core:
        package = f"pymedplum_runtime.{plan.flow.package}"
        yield LateImport(package, plan.flow.module, f"_{plan.flow.module}")


def _example(plan: Plan, variant: Variant, methods: Mapping[str, Callee], report: Report) -> str:
    example = plan.texts.example
    if variant == ASYNC and example:
        example = make_asynchronous(example, methods, lambda m: report(plan.place, m))
    for number, excess in long_lines(example):
        message = f"has an example whose line {number} is {excess} too long in {variant.module}"
        report(plan.place, message)
    return example


def _is_untold(plan: Plan) -> bool:
    """Tell whether what the driver gives has no type of its own: only the method says it."""
    if plan.endpoint is not None or (plan.returns in KINDS and not plan.is_iterator):
        return True
    # The runtime does not import what is generated, so its flows cannot name such a class.
    names = names_in(plan.returns) or frozenset[str]()
    return any(TYPES.get(name, "").startswith("pymedplum.") for name in names)


def _opening(plan: Plan, variant: Variant, answer: str | None) -> str:
    """Give what stands before the call of the driver."""
    if plan.is_iterator:
        return "return "
    if answer:
        return f"answer: {answer} = {variant.wait}"
    if plan.returns in HANDLES:
        return f"state = {variant.wait}"
    return f"return {variant.wait}" if plan.flow else variant.wait


def _call(plan: Plan) -> EndpointCall | None:
    if plan.endpoint is None:
        return None
    names = [a.name for a in plan.arguments]
    constants = dict(plan.constants)
    return EndpointCall(
        endpoint=plan.endpoint.name,
        values=tuple(p.name for p in plan.endpoint.parameters if p.name not in constants),
        constants=plan.constants,
        options=tuple(name for name in names if name in OPTIONS),
    )
