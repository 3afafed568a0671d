"""What comes back follows from `as_fhir` and `return_bundle`: the overloads say so."""

from codegen.ir.api import Argument
from codegen.ir.api_returns import overloads, result_type
from codegen.render.clients import declarations

TYPE = Argument("resource_type", "str", None, "")
QUERY = Argument("query", "Query | None", "None", "")
BUNDLE = Argument("return_bundle", "bool", "False", "")
MODEL = Argument("as_fhir", "type[ResourceT] | None", "None", "")
TIMEOUT = Argument("timeout", "Timeout", "None", "", "keyword")


def keyword(argument: Argument) -> Argument:
    return Argument(argument.name, argument.annotation, argument.default, "", "keyword")


def written(*arguments: Argument, returns: str, iterator: str = "Iterator") -> list[str]:
    return [
        f"{', '.join(declarations(s))} -> {s.result}".removeprefix("self, ")
        for s in overloads(arguments, returns, iterator)
    ]


def test_a_resource_is_a_dict_or_the_model_that_is_asked_for() -> None:
    assert written(TYPE, MODEL, TIMEOUT, returns="resource") == [
        "resource_type: str, as_fhir: None = None, *, timeout: Timeout = None -> dict[str, Any]",
        "resource_type: str, as_fhir: type[ResourceT], *, timeout: Timeout = None -> ResourceT",
    ]


def test_a_model_asked_for_by_keyword_needs_no_second_form() -> None:
    assert written(TYPE, QUERY, keyword(MODEL), returns="optional_resource") == [
        (
            "resource_type: str, query: Query | None = None, *, as_fhir: None = None"
            " -> dict[str, Any] | None"
        ),
        (
            "resource_type: str, query: Query | None = None, *, as_fhir: type[ResourceT]"
            " -> ResourceT | None"
        ),
    ]


def test_a_model_behind_optional_parameters_is_given_in_order_or_by_keyword() -> None:
    assert written(TYPE, QUERY, MODEL, returns="pages", iterator="AsyncIterator")[1:] == [
        (
            "resource_type: str, query: Query | None, as_fhir: type[ResourceT]"
            " -> AsyncIterator[ResourceT]"
        ),
        (
            "resource_type: str, query: Query | None = None, *, as_fhir: type[ResourceT]"
            " -> AsyncIterator[ResourceT]"
        ),
    ]


def test_a_list_is_of_dicts_or_of_models() -> None:
    assert written(MODEL, returns="resources") == [
        "as_fhir: None = None -> list[dict[str, Any]]",
        "as_fhir: type[ResourceT] -> list[ResourceT]",
    ]
    assert result_type("resources", "Iterator") == "list[dict[str, Any]] | list[ResourceT]"


def test_a_bundle_needs_every_way_of_asking_for_it() -> None:
    head = "resource_type: str, query: Query | None"
    dicts, models = "FHIRBundle[dict[str, Any]]", "FHIRBundle[ResourceT]"
    model = "as_fhir: type[ResourceT]"
    assert written(TYPE, QUERY, BUNDLE, MODEL, returns="bundle") == [
        (
            f"{head} = None, return_bundle: Literal[False] = False, "
            "as_fhir: type[Any] | None = None -> dict[str, Any]"
        ),
        f"{head}, return_bundle: Literal[True], as_fhir: None = None -> {dicts}",
        f"{head} = None, *, return_bundle: Literal[True], as_fhir: None = None -> {dicts}",
        f"{head}, return_bundle: Literal[True], {model} -> {models}",
        f"{head} = None, *, return_bundle: Literal[True], {model} -> {models}",
        (
            f"{head} = None, return_bundle: bool = False, as_fhir: None = None"
            f" -> dict[str, Any] | {dicts}"
        ),
        f"{head}, return_bundle: bool, {model} -> dict[str, Any] | {models}",
        f"{head} = None, *, return_bundle: bool, {model} -> dict[str, Any] | {models}",
    ]


def test_a_bundle_asked_for_by_keyword_has_one_form_of_each() -> None:
    assert len(written(TYPE, QUERY, keyword(BUNDLE), keyword(MODEL), returns="bundle")) == 5


def test_another_result_is_what_it_says() -> None:
    assert written(TYPE, returns="bytes") == []
    assert result_type("bytes", "Iterator") == "bytes"
