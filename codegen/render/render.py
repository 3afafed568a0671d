"""Renders a package: one context per template, no decisions."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from codegen.exports import Exports
from codegen.ir.accessors import AccessorModule
from codegen.ir.api import Api, MethodModule
from codegen.ir.messages import Messages
from codegen.ir.types import Module, Package
from codegen.render import accessors
from codegen.render.clients import FILTERS, render_clients
from codegen.render.rows import arguments
from codegen.render.stubs import ModuleStub, module_stub
from codegen.render.wrap import docstring, row

TEMPLATES = Path(__file__).parent / "templates"
PACKAGE = "pymedplum"
MODELS = f"{PACKAGE}/fhir"

_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - Python source, not HTML
)
_environment.filters.update(
    row=row, docstring=docstring, arguments=arguments, literal=repr, **FILTERS
)
_environment.filters.update(
    imports=accessors.imports,
    aliases=accessors.aliases,
    read_type=accessors.read_type,
    written_type=accessors.written_type,
    slot_call=accessors.slot_call,
    part_type=accessors.part_type,
    accepted=accessors.accepted,
    part_accepted=accessors.part_accepted,
    example=accessors.example,
    parts_example=accessors.parts_example,
    attribute_type=accessors.attribute_type,
)


def render_package(package: Package) -> dict[str, str]:
    """Return every file of the model package, by its path under the output folder."""
    files = {
        f"{MODELS}/__init__.py": _render("models_init.py.j2", package=package),
        f"{MODELS}/__init__.pyi": _render("models_init.pyi.j2", package=package),
        f"{MODELS}/primitives.py": _render("primitives.py.j2", package=package),
        f"{MODELS}/codes.py": _render("codes.py.j2", package=package),
        f"{MODELS}/codes.pyi": _render("codes.pyi.j2", package=package),
    }
    classes = {c.name: c for m in package.modules for c in m.classes}
    homes = {c.name: m.name for m in package.modules for c in m.classes}
    for module in package.modules:
        stub = module_stub(module, classes, homes, package.primitives)
        files |= _render_module(package, module, stub)
    return files


def render_exports(
    exports: tuple[Exports, ...], clients: tuple[MethodModule, ...] = ()
) -> dict[str, str]:
    """Return the package's own modules: re-exports of the runtime's public names."""
    homes: tuple[Exports | MethodModule, ...] = (*exports, *clients)
    names = sorted({name for home in homes for name in home.names} | {"__version__"})
    files = {
        f"{PACKAGE}/py.typed": "",
        f"{PACKAGE}/__init__.py": _render("package_init.py.j2", homes=homes, names=names),
        f"{PACKAGE}/__init__.pyi": _render("package_init.pyi.j2", homes=homes, names=names),
    }
    for export in exports:
        template = "exports_lazy" if export.lazy else "exports"
        files[f"{PACKAGE}/{export.module}.py"] = _render(f"{template}.py.j2", export=export)
        if export.lazy:
            stub = _render("exports_lazy.pyi.j2", export=export)
            files[f"{PACKAGE}/{export.module}.pyi"] = stub
    return files


def render_api(api: Api, bodies: str) -> dict[str, str]:
    """Return the clients and the types of the bodies that are not FHIR's."""
    files = render_clients(api, _render)
    if bodies:
        files[f"{PACKAGE}/api_types.py"] = _render("api_types.py.j2", api=api, bodies=bodies)
    return files


def render_messages(messages: Messages, bodies: str) -> dict[str, str]:
    """Return the module of the messages of CDS Hooks."""
    text = _render("cds_models.py.j2", messages=messages, bodies=bodies)
    return {f"{PACKAGE}/cds_models.py": text}


def render_accessors(modules: tuple[AccessorModule, ...]) -> dict[str, str]:
    """Return the modules of typed access to profiles."""
    return {
        f"{PACKAGE}/{module.name}.py": _render("accessors.py.j2", module=module)
        for module in modules
    }


def _render_module(package: Package, module: Module, stub: ModuleStub) -> dict[str, str]:
    return {
        f"{MODELS}/{module.name}.py": _render("module.py.j2", package=package, module=module),
        f"{MODELS}/{module.name}.pyi": _render("module.pyi.j2", package=package, module=stub),
    }


def _render(template: str, **context: Any) -> str:  # noqa: ANN401 - template variables
    return _environment.get_template(template).render(**context)
