"""A bundle as the server answered it, with the questions that callers ask of one."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, cast, overload

from pymedplum_runtime.helpers.members import FHIRData, members_of, require_data
from pymedplum_runtime.search.answers import Answers
from pymedplum_runtime.search.contents import Contents, reference_in
from pymedplum_runtime.search.pages import (
    INCLUDE,
    MATCH,
    OUTCOME,
    is_cut_down,
    link_to,
    links,
    next_link,
)
from pymedplum_runtime.search.reading import M, Models, OnError, Resource, resource_type_of

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import TypeVar

    T = TypeVar("T", default=dict[str, Any])
else:
    from typing import TypeVar

    T = TypeVar("T")


class FHIRBundle(Answers, Generic[T]):
    """A Bundle of search results, of a batch's answers, or of anything else.

    Iterating gives the resources as dicts: matches and what was included, in the server's order,
    without the server's own remarks (`outcomes()`). With `as_fhir=Patient` it gives the matches
    that are Patients, as `Patient`; those that the server cut down (`_elements`, `_summary`) stay
    dicts, since they are not complete. `len` counts what iterating goes through, and a bundle
    without any is false. The bundle must not be changed once it was read.

    Example:
        >>> bundle = FHIRBundle(client.search_resources("Patient"), as_fhir=Patient)
        >>> [patient.birth_date for patient in bundle]
        ['1990-01-15']
    """

    __slots__ = ("_as_fhir", "_contents", "_models")

    @overload
    def __init__(
        self: "FHIRBundle[Resource]",
        data: FHIRData,
        as_fhir: None = None,
        *,
        on_error: OnError | None = None,
    ) -> None: ...

    @overload
    def __init__(
        self: "FHIRBundle[M]",
        data: FHIRData,
        as_fhir: type[M],
        *,
        on_error: OnError | None = None,
    ) -> None: ...

    def __init__(
        self,
        data: FHIRData,
        as_fhir: "type[BaseModel] | None" = None,
        *,
        on_error: OnError | None = None,
    ) -> None:
        """Wrap a Bundle.

        Args:
            data: the Bundle, a dict or a model.
            as_fhir: the class to read matches into when iterating.
            on_error: called for a resource that its class refuses, which is then skipped;
                otherwise the refusal is raised.

        Raises:
            TypeError: the data is neither a dict nor a model.
            ValueError: it is no Bundle.
        """
        require_data(data)
        members = members_of(data)
        if members.get("resourceType") != "Bundle":
            raise ValueError("expected a Bundle: resourceType says something else")
        self._data = members if isinstance(members, dict) else dict(members)
        self._as_fhir = as_fhir
        self._contents = Contents(self._data)
        self._models = Models(partial(_resources, self._data), on_error)

    @classmethod
    def from_json(
        cls,
        text: bytes,
        as_fhir: "type[BaseModel] | None" = None,
        *,
        on_error: OnError | None = None,
    ) -> "FHIRBundle[Any]":
        """Wrap a Bundle given as JSON text: models keep every digit of it, dicts have floats.

        Args:
            text: the Bundle.
            as_fhir: as in the constructor.
            on_error: as in the constructor.

        Raises:
            ValueError: the text is no JSON, or no Bundle.

        Example:
            >>> FHIRBundle.from_json(Path("bundle.json").read_bytes(), as_fhir=Patient)
        """
        from pymedplum_runtime.models import codec  # noqa: PLC0415 - text alone needs msgspec

        make: Any = cls  # the overloads tell the type, which is not known here
        bundle: FHIRBundle[Any] = make(codec.decode_plain(text), as_fhir, on_error=on_error)
        bundle._models = Models(partial(_exact_resources, text), on_error)
        return bundle

    @property
    def link(self) -> list[dict[str, Any]]:
        """The links to this page and others."""
        return links(self._data)

    @property
    def total(self) -> int | None:
        """How many match, if the server says so; Medplum does when `_total` asks it to."""
        total = self._data.get("total")
        return total if isinstance(total, int) and not isinstance(total, bool) else None

    def get_total(self) -> int | None:
        """Return `total`, or the number of matches where this page holds all of them."""
        if self.total is not None:
            return self.total
        if any(link_to(self._data, relation) for relation in ("next", "previous", "prev")):
            return None
        return len(self._contents.places(MATCH))

    def get_next_link(self) -> str | None:
        """Return the URL of the next page, or `None` on the last."""
        return next_link(self._data)

    def is_empty(self) -> bool:
        """Say whether iterating gives nothing."""
        return not len(self)

    def get_resources(self, *, max_resources: int | None = None) -> list[Resource]:
        """Return the resources as dicts: matches and what was included.

        Raises:
            ValueError: there are more than `max_resources`.
        """
        found = self._dicts(self._contents.places())
        if max_resources is not None and len(found) > max_resources:
            raise ValueError(
                f"the bundle holds {len(found)} resources, more than max_resources={max_resources}"
            )
        return found

    def get_resources_typed(self, cls: type[M]) -> list[M]:
        """Return the resources of one type, matches and included ones, as its class.

        Reads those too that the server cut down: what is missing is then `None`.

        Raises:
            pydantic.ValidationError: a resource is invalid, and there is no `on_error`.
        """
        places = self._contents.places(None, resource_type_of(cls))
        return list(self._models.all_at(places, cls))

    @overload
    def included(self, wanted: str | None = None) -> list[Resource]: ...

    @overload
    def included(self, wanted: type[M]) -> list[M]: ...

    def included(self, wanted: "str | type[BaseModel] | None" = None) -> "list[Any]":
        """Return what `_include` and `_revinclude` brought.

        Args:
            wanted: a resource type, for dicts of it; its class, for models; `None` for all, as
                dicts.

        Raises:
            pydantic.ValidationError: a resource is invalid, and there is no `on_error`.

        Example:
            >>> [practitioner.id for practitioner in bundle.included(Practitioner)]
            ['np-7']
        """
        if wanted is None or isinstance(wanted, str):
            return self._dicts(self._contents.places(INCLUDE, wanted))
        places = self._contents.places(INCLUDE, resource_type_of(wanted))
        return list(self._models.all_at(places, wanted))

    @overload
    def resolve(self, reference: str | FHIRData | None) -> Resource | None: ...

    @overload
    def resolve(self, reference: str | FHIRData | None, as_fhir: type[M]) -> M | None: ...

    def resolve(
        self, reference: str | FHIRData | None, as_fhir: "type[BaseModel] | None" = None
    ) -> "Resource | BaseModel | None":
        """Return the resource of this bundle that a reference names, or `None`.

        Args:
            reference: `Patient/123`, a full URL or `urn:uuid:...`, each with or without a version,
                or a Reference that holds one.
            as_fhir: the class to read it into; a resource of another type is `None`.

        Raises:
            pydantic.ValidationError: the resource is invalid, and there is no `on_error`.

        Example:
            >>> bundle.resolve(observation.subject, as_fhir=Patient).id
            'p1'
        """
        text = reference_in(reference)
        place = None if text is None else self._contents.place_of(text)
        if place is None:
            return None
        resource = self._contents.resources[place]
        if as_fhir is None:
            return resource
        wanted = resource_type_of(as_fhir) in (None, resource.get("resourceType"))
        return self._models.at(place, as_fhir) if wanted else None

    def outcomes(self) -> list[Resource]:
        """Return the server's remarks on the search: OperationOutcomes."""
        return self._dicts(self._contents.places(OUTCOME))

    def __iter__(self) -> Iterator[T]:
        for place in self._iterated():
            found = self._found(place)
            if found is not None:
                yield cast("T", found)

    def __len__(self) -> int:
        return len(self._iterated())

    def __repr__(self) -> str:
        kind = self._data.get("type")
        relations = [link.get("relation") for link in self.link]
        return (
            f"FHIRBundle(type={kind!r}, resources={len(self._contents.places())}, "
            f"included={len(self._contents.places(INCLUDE))}, total={self.total}, "
            f"links={relations})"
        )

    def _iterated(self) -> list[int]:
        if self._as_fhir is None:
            return self._contents.places()
        return self._contents.places(MATCH, resource_type_of(self._as_fhir))

    def _found(self, place: int) -> "Resource | BaseModel | None":
        resource = self._contents.resources[place]
        if self._as_fhir is None or is_cut_down(resource):
            return resource
        return self._models.at(place, self._as_fhir)

    def _dicts(self, places: list[int]) -> list[Resource]:
        return [self._contents.resources[place] for place in places]


# Functions of the module, not closures, so that a bundle can be pickled.
def _resources(data: dict[str, Any]) -> list[Resource]:
    return Contents(data).resources


def _exact_resources(text: bytes) -> list[Resource]:
    from pymedplum_runtime.models import codec  # noqa: PLC0415 - text alone needs msgspec

    return Contents(codec.decode(text)).resources
