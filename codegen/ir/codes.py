"""The codes of required value sets, as the classes' `Literal` types list them."""

from collections import Counter
from collections.abc import Mapping

from codegen.ir.names import pascal_case
from codegen.ir.types import CodeList
from codegen.load import Json, Source, Specs
from pymedplum_runtime.terminology.expand import CannotExpandError, Expander, no_grammars


class ValueSets:
    """The value sets of one release, expanded once each and named uniquely."""

    def __init__(self, specs: Specs) -> None:
        # What a grammar composes is listed where the definitions list it: a type has no grammar.
        self._expander = Expander(
            _json(specs.value_sets), _json(specs.code_systems), grammars=no_grammars
        )
        self._lists: dict[str, CodeList] = {}
        self._names = _unique_names(specs)

    def code_list(self, canonical: str) -> CodeList:
        """Return the codes of a value set under its Python name.

        Raises:
            CannotExpandError: the value set, or a code system of it, cannot be listed.
        """
        url = canonical.partition("|")[0]
        if url not in self._lists:
            found = self._expander.by_canonical(url)
            if found.open:
                raise CannotExpandError(next(iter(found.open.values())))
            if not found.codes:
                raise CannotExpandError(f"{url} has no codes")
            codes = dict.fromkeys(code for _, code in found.codes)
            self._lists[url] = CodeList(self._names[url], url, tuple(codes))
        return self._lists[url]

    def used(self) -> tuple[CodeList, ...]:
        """Give every list that was asked for."""
        return tuple(self._lists.values())


def _json(sources: Mapping[str, Source]) -> dict[str, Json]:
    return {url: source.json for url, source in sources.items()}


def _unique_names(specs: Specs) -> dict[str, str]:
    """Name each value set; where two have one name, both go by the end of their URL."""
    names = {
        url: pascal_case(source.json.get("name") or source.json.get("title") or _last(url))
        for url, source in specs.value_sets.items()
    }
    uses = Counter(names.values())
    return {
        url: name if uses[name] == 1 else pascal_case(_last(url)) for url, name in names.items()
    }


def _last(url: str) -> str:
    return url.rpartition("/")[2]
