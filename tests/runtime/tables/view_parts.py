"""Short ways to say the definitions that the tests of views are about."""

from typing import Any

from pymedplum_runtime.errors import ViewError
from pymedplum_runtime.tables import plan
from pymedplum_runtime.tables.views.view import View


def definition(*paths: str, resource: str = "Patient", **members: Any) -> dict[str, Any]:
    """A definition with a column for every path, called a, b and so on."""
    columns = [{"name": chr(97 + i), "path": path} for i, path in enumerate(paths)]
    return {"resource": resource, "select": [{"column": columns}], **members}


def planned(path: str, resource: str = "Patient", **members: Any) -> plan.Cell:
    """The only column of a view that has nothing but a path."""
    return View.from_definition(definition(path, resource=resource, **members)).plan.columns[0]


def value(path: str, resource: str = "Patient", **members: Any) -> plan.Value:
    """What fills the only column."""
    return planned(path, resource, **members).value


def problems(wrong: Any) -> dict[str, str]:
    """What is wrong with a definition, by place."""
    try:
        View.from_definition(wrong)
    except ViewError as error:
        found: dict[str, str] = {}
        for each in error.problems:
            said = str(each).partition("\n")[0]
            found[each.place] = f"{found[each.place]}\n{said}" if each.place in found else said
        return found
    return {}
