"""What a path gives as a plan is what the FHIRPath engine gives for it, errors included."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from view_parts import definition, problems

from pymedplum_runtime.errors import MedplumError
from pymedplum_runtime.tables.python.evaluator import evaluator
from pymedplum_runtime.tables.views.view import View

_TEXTS = st.sampled_from(["a", "b", "", "official"])
_NAME = st.fixed_dictionaries(
    {},
    optional={
        "use": st.sampled_from(["official", "usual"]),
        "family": _TEXTS,
        "given": st.lists(_TEXTS, min_size=1, max_size=3),
    },
)
_TELECOM = st.fixed_dictionaries(
    {}, optional={"value": _TEXTS, "rank": st.integers(min_value=1, max_value=3)}
)
_REFERENCES = st.sampled_from(
    [
        "Patient/p",
        "Patient/q",
        "Organization/p",
        "#p",
        "urn:uuid:p",
        "http://x/Patient/p/_history/1",
    ]
)
_REFERENCE = st.fixed_dictionaries({}, optional={"reference": _REFERENCES, "display": _TEXTS})
_EXTENSION = st.fixed_dictionaries(
    {"url": st.sampled_from(["http://u", "http://v"])},
    optional={"valueString": _TEXTS, "valueInteger": st.integers(0, 2)},
)
_PATIENTS = st.fixed_dictionaries(
    {"resourceType": st.just("Patient")},
    optional={
        "id": st.just("p"),
        "active": st.booleans(),
        "gender": st.sampled_from(["male", "female"]),
        "birthDate": st.sampled_from(["1970-01-02", "1970-01", "a"]),
        "deceasedBoolean": st.booleans(),
        "multipleBirthInteger": st.integers(0, 3),
        "name": st.lists(_NAME, min_size=1, max_size=3),
        "telecom": st.lists(_TELECOM, min_size=1, max_size=3),
        "contact": st.lists(
            st.fixed_dictionaries({}, optional={"name": _NAME, "telecom": st.lists(_TELECOM)}),
            max_size=2,
        ),
        "link": st.lists(st.fixed_dictionaries({}, optional={"other": _REFERENCE}), max_size=2),
        "managingOrganization": _REFERENCE,
        "extension": st.lists(_EXTENSION, max_size=3),
    },
)

_ON_NAME = st.sampled_from(["use", "family", "given", "given.first()", "$this.family", "%c"])
_ON_PATIENT = st.sampled_from(
    [
        *("id", "active", "gender", "birthDate", "name", "name.family", "name.given", "telecom"),
        *("deceased.ofType(boolean)", "multipleBirth.ofType(integer)", "deceased", "telecom.rank"),
        *("contact.name.given", "contact.telecom.value", "contact.telecom.rank", "%resource.name"),
        *(
            "link.other.getReferenceKey()",
            "link.other.getReferenceKey(Patient)",
            "getResourceKey()",
        ),
        *("managingOrganization.getReferenceKey(Organization)", "managingOrganization.reference"),
        *("extension('http://u').value.ofType(string)", "extension('http://u').value", "%c"),
        *("'a'", "'official'", "1", "2", "1.0", "true", "false", "%rowIndex", "$this", "{}"),
    ]
)


_OPERATORS = "= != < <= > >= and or xor implies in | + &"
_CALLS = """
    first() last() [0] [1] [5] exists() empty() count() not() join('-') join() single() tail()
    distinct() length() hasValue() iif(exists(),1,2)
"""


def _larger(
    inner: st.SearchStrategy[str], on_name: st.SearchStrategy[str]
) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    operators, calls = (st.sampled_from(each.split()) for each in (_OPERATORS, _CALLS))
    on_items = st.sampled_from(["where", "exists", "all", "select"])
    return st.one_of(
        st.builds(lambda p, o: f"({p[0]}) {o} ({p[1]})", pair, operators),
        st.builds(lambda e, c: f"({e}){'' if c[0] == '[' else '.'}{c}", inner, calls),
        st.builds(lambda f, e: f"name.{f}({e})", on_items, on_name),
        st.builds(lambda e: f"name.where({e}).given", on_name),
        st.builds(lambda e: f"gender in ('male' | {e})", inner),
    )


def _expressions(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.recursive(_ON_NAME, lambda inner: _larger(inner, _ON_NAME), max_leaves=3)
    return st.recursive(leaves, lambda inner: _larger(inner, names), max_leaves=5)


def _outcome(view: View, resource: dict[str, Any], *, is_plain: bool) -> object:
    try:
        return evaluator(view.plan).rows(resource, is_plain=is_plain)
    except MedplumError:
        return "an error"


@given(
    path=_expressions(_ON_PATIENT),
    patient=_PATIENTS,
    is_many=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_a_plan_gives_what_the_engine_gives(
    path: str, patient: dict[str, Any], *, is_many: bool
) -> None:
    made = definition(path, constant=[{"name": "c", "valueCode": "official"}])
    made["select"][0]["column"][0]["collection"] = is_many
    if problems(made):
        return
    view = View.from_definition(made)
    plain = _outcome(view, patient, is_plain=True)
    assert plain == _outcome(view, patient, is_plain=False)
