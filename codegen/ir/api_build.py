"""From the description of the API to the modules of the two clients."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from codegen.ir.api import (
    Api,
    EndpointModule,
    GroupProperty,
    Method,
    MethodModule,
    Variant,
)
from codegen.ir.api_docs import first_sentence
from codegen.ir.api_document import Document
from codegen.ir.api_examples import AWAITED_BASE, CONTEXT_BASE, PLAIN_BASE
from codegen.ir.api_methods import Methods, Plan
from codegen.ir.api_types import HIDING, FhirTypes, imports_of
from codegen.ir.api_variants import VARIANTS, write_method
from codegen.ir.names import pascal_case
from codegen.ir.types import Package
from codegen.load_api import ApiSpecs
from codegen.problems import Problem

CLIENT = "client"

# What the base classes of the clients have: no method may take its place.
TAKEN = frozenset({
    *AWAITED_BASE, *AWAITED_BASE.values(), *CONTEXT_BASE, *PLAIN_BASE,
    CLIENT, "access_token", "base_url", "client_id", "default_on_behalf_of", "fhir_base_url",
    "fhir_url_path", "from_env", "project_id", "token_expires_at",
})  # fmt: skip


def fhir_types(package: Package) -> FhirTypes:
    """Name the types that an OperationDefinition may refer to."""
    classes = [c for module in package.modules for c in module.classes]
    return FhirTypes(
        resources=frozenset(c.name for c in classes if c.is_resource),
        datatypes=frozenset(c.name for c in classes if not c.is_resource),
    )


def build_api(specs: ApiSpecs, fhir: FhirTypes) -> tuple[Api, list[Problem]]:
    """Make every decision; the problems are complete, the clients are not then."""
    document = Document(specs)
    plans = Methods(document, fhir).plans()
    _check_names(plans, document.report)
    builder = _Builder(document, plans)
    groups = sorted({plan.group for plan in plans if plan.group})
    api = Api(
        file=specs.file,
        clients=tuple(builder.client(variant, groups) for variant in VARIANTS),
        groups=tuple(builder.group(v, group) for group in groups for v in VARIANTS),
        endpoints=tuple(builder.endpoints(groups)),
        schemas=document.schemas,
    )
    return api, document.problems


class _Builder:
    def __init__(self, document: Document, plans: Sequence[Plan]) -> None:
        self._document = document
        self._plans = plans
        self._callees = {plan.dotted: plan.callee for plan in plans}

    def client(self, variant: Variant, groups: list[str]) -> MethodModule:
        """Give the module of a client."""
        module = self._module(variant, None)
        properties = tuple(self._property(variant, group) for group in groups)
        return replace(module, name=variant.module, class_name=variant.client, groups=properties)

    def group(self, variant: Variant, group: str) -> MethodModule:
        """Give the module of a group's methods, as one of the clients has them."""
        found = self._property(variant, group)
        module = self._module(variant, group)
        return replace(
            module, name=found.module, class_name=found.class_name, about=found.description
        )

    def endpoints(self, groups: list[str]) -> Iterable[EndpointModule]:
        """Give the tables of endpoints: of the client's own methods, and of each group's."""
        for group in (None, *groups):
            endpoints = [p.endpoint for p in self._plans if p.group == group and p.endpoint]
            if endpoints:
                owner = f"client.{group}" if group else "the client"
                yield EndpointModule(group or CLIENT, owner, tuple(endpoints))

    def _property(self, variant: Variant, group: str) -> GroupProperty:
        description = first_sentence(self._document.group_description(group))
        return GroupProperty(
            name=group,
            module=f"{variant.group_prefix}{group}",
            class_name=f"{variant.class_prefix}{pascal_case(group)}",
            description=description or f"The methods of `client.{group}`.",
        )

    def _module(self, variant: Variant, group: str | None) -> MethodModule:
        plans = [plan for plan in self._plans if plan.group == group]
        methods = tuple(self._method(plan, variant) for plan in plans)
        return MethodModule(
            name="",
            class_name="",
            about="",
            variant=variant,
            methods=methods,
            groups=(),
            flows=tuple(sorted({p.flow.module for p in plans if p.flow and p.flow.is_core})),
            endpoints=(group or CLIENT) if any(plan.endpoint for plan in plans) else None,
            types=imports_of(_annotations(methods), self._document.schemas),
        )

    def _method(self, plan: Plan, variant: Variant) -> Method:
        return write_method(plan, variant, self._callees, self._document.report)


def _annotations(methods: Iterable[Method]) -> Iterable[str]:
    for method in methods:
        for signature in (method.signature, *method.overloads):
            yield signature.result
            yield from (argument.annotation for argument in signature.arguments)


def _check_names(plans: Sequence[Plan], report: Callable[[str, str], None]) -> None:
    """Report methods of one name, and names that something else has."""
    homes: dict[str, str] = {}
    groups = {plan.group for plan in plans}
    for plan in plans:
        prefix = f"{plan.group}." if plan.group else ""
        for name in filter(None, (plan.name, plan.alias)):
            dotted = f"{prefix}{name}"
            if dotted in homes:
                report(plan.place, f"gives the method '{dotted}', which {homes[dotted]} gives too")
            homes.setdefault(dotted, plan.place)
            if name in HIDING:
                message = f"gives the method '{dotted}', which would hide '{name}' from signatures"
                report(plan.place, message)
            if not plan.group and (name in TAKEN or name in groups):
                report(plan.place, f"gives the method '{name}', which the client has already")
    for group in sorted(filter(None, groups & TAKEN)):
        report("", f"has the group '{group}', which the client has already")
