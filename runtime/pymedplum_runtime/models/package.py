"""A generated package of models: where its types live and which of them are resources.

Importing this module must not import Pydantic: `import pymedplum.fhir` is only a table.
"""

import importlib
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from pymedplum_runtime.lazy import did_you_mean, lazy_attributes

if TYPE_CHECKING:
    from pymedplum_runtime.models.base import FHIRModel
    from pymedplum_runtime.models.primitives import Primitive


PACKAGE_NAMES = ("FHIR_TYPES", "FHIR_VERSION", "parse_resource", "resource_class")


class ModelPackage:
    """The types of one FHIR release, loaded one by one as they are asked for."""

    def __init__(
        self, name: str, classes: Mapping[str, Sequence[str]], resources: frozenset[str]
    ) -> None:
        """Describe a package.

        Args:
            name: the import name of the package.
            classes: the names of the classes of every submodule.
            resources: the names of the concrete resource types.
        """
        self.name = name
        self.resources = resources
        homes = {cls: f"{name}.{module}" for module, names in classes.items() for cls in names}
        self.types = frozenset(homes)
        self.exported = sorted({*homes, *PACKAGE_NAMES})
        self.getattr, self.dir = lazy_attributes(name, homes)

    def find(self, type_name: str) -> "type[FHIRModel]":
        """Return a class by its name.

        Raises:
            AttributeError: there is none, with the closest name that there is.
        """
        found = vars(sys.modules[self.name]).get(type_name)
        return found or self.getattr(type_name)  # type: ignore[no-any-return]

    def primitives(self) -> "Mapping[str, Primitive]":
        """Return the generated table of primitive types."""
        return self._submodule("primitives").PRIMITIVES  # type: ignore[no-any-return]

    def codes(self, name: str) -> tuple[str, ...]:
        """Return the codes of a required value set."""
        return self._submodule("codes").CODES[name]  # type: ignore[no-any-return]

    def _submodule(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.name}.{name}")

    def resource_class(self, resource_type: str) -> "type[FHIRModel]":
        """Return the class of a resource type.

        Raises:
            ValueError: there is no such resource type; the message suggests the closest.

        Example:
            >>> resource_class("Patient")
            <class 'pymedplum.fhir.patient.Patient'>
        """
        if resource_type not in self.resources:
            hint = did_you_mean(resource_type, set(self.resources))
            raise ValueError(f"'{resource_type}' is no resource type of this FHIR version{hint}")
        return self.find(resource_type)

    def parse_resource(
        self,
        data: Any,  # noqa: ANN401 - JSON text, a dict or a model: all are read
        *,
        extra: Literal["allow", "ignore", "forbid"] | None = None,
    ) -> Any:  # noqa: ANN401 - the class depends on the data; the stub says FHIRModel
        """Read any resource into the class that its `resourceType` names.

        Args:
            data: JSON text (`str`, `bytes`), a dict in FHIR's spelling, or a model.
            extra: `"allow"` admits properties that this FHIR version does not know and keeps them.

        Raises:
            pydantic.ValidationError: the data is no valid resource.

        Example:
            >>> parse_resource({"resourceType": "Patient", "active": True}).active
            True
        """
        from pymedplum_runtime.models.polymorphic import parse  # noqa: PLC0415 - needs Pydantic

        return parse(self, data, extra)


def package_of(cls: type) -> ModelPackage:
    """Return the package of a generated class, or of the one that a user's class derives from."""
    generated = next(c for c in cls.__mro__ if "__properties__" in c.__dict__)
    package = sys.modules[generated.__module__.rpartition(".")[0]]
    return package.PACKAGE  # type: ignore[no-any-return]
