"""What every resource can say about itself beyond FHIR: Medplum's metadata."""

from typing import Any, ClassVar

from pymedplum_runtime.models.base import FHIRModel


class ResourceModel(FHIRModel):
    """The base of the generated resources."""

    __is_resource__: ClassVar[bool] = True

    @property
    def medplum_accounts(self) -> list[str]:
        """All account references, `meta.account` first, then `meta.accounts`, each once."""
        meta = self._meta
        found: list[dict[str, str] | None] = [meta.get("account"), *(meta.get("accounts") or ())]
        references = [r.get("reference") for r in found if r]
        return list(dict.fromkeys(r for r in references if r))

    @property
    def medplum_account(self) -> str | None:
        """The primary account: the first of `medplum_accounts`."""
        return next(iter(self.medplum_accounts), None)

    @property
    def medplum_author(self) -> str | None:
        """Who wrote this version: `meta.author.reference`."""
        author: dict[str, str] = self._meta.get("author") or {}
        return author.get("reference")

    @property
    def medplum_project(self) -> str | None:
        """The id of the owning project: `meta.project`."""
        return self._meta.get("project")

    @property
    def medplum_compartment(self) -> list[Any] | None:
        """The access-control compartments: `meta.compartment`."""
        return self._meta.get("compartment")

    @property
    def _meta(self) -> dict[str, Any]:
        meta: Any = self.__dict__.get("meta")
        plain: dict[str, Any] = meta.model_dump() if isinstance(meta, FHIRModel) else meta or {}
        return plain
