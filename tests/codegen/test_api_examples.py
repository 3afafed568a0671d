"""Examples of the asynchronous client are made from the others by rule."""

import pytest

from codegen.ir.api_examples import Callee, make_asynchronous

CALLEES = {
    "read": Callee(
        is_iterator=False,
        positional=("id",),
        keywords=frozenset({"id", "as_fhir"}),
        takes_more=False,
    ),
    "pages": Callee(
        is_iterator=True, positional=("type",), keywords=frozenset({"type"}), takes_more=False
    ),
    "export": Callee(
        is_iterator=False,
        positional=(),
        keywords=frozenset(),
        takes_more=False,
        is_handle=True,
    ),
    "operations.run": Callee(
        is_iterator=False, positional=(), keywords=frozenset(), takes_more=True
    ),
}


def rewritten(example: str) -> str:
    problems: list[str] = []
    result = make_asynchronous(example, CALLEES, problems.append)
    assert problems == []
    return result


def problems_of(example: str) -> list[str]:
    problems: list[str] = []
    make_asynchronous(example, CALLEES, problems.append)
    return problems


@pytest.mark.parametrize(
    ("example", "asynchronous"),
    [
        ('x = client.read("1")', 'x = await client.read("1")'),
        ('name = client.read("1")["name"]', 'name = (await client.read("1"))["name"]'),
        ('name = client.read("1").name[0]', 'name = (await client.read("1")).name[0]'),
        (
            "job = client.export()\nn = len(job.wait().output)",
            "job = await client.export()\nn = len((await job.wait()).output)",
        ),
        ('print(client.read("1"), 2)', 'print(await client.read("1"), 2)'),
        ("client.read(\n    '1',\n).name", "(await client.read(\n    '1',\n)).name"),
        ("client.operations.run(a=1, **b)", "await client.operations.run(a=1, **b)"),
        (
            "x = [client.read('1'), client.read('2')]",
            "x = [await client.read('1'), await client.read('2')]",
        ),
        (
            "client.read(client.read('1')['next'])",
            "await client.read((await client.read('1'))['next'])",
        ),
        (
            "for x in client.pages('T'):\n    print(x)",
            "async for x in client.pages('T'):\n    print(x)",
        ),
        ("x = [p for p in client.pages('T')]", "x = [p async for p in client.pages('T')]"),
        (
            "x = {k: v for k, v in client.pages('T')}",
            "x = {k: v async for k, v in client.pages('T')}",
        ),
        (
            "with client.on_behalf_of('m'):\n    client.read('1')",
            "async with client.on_behalf_of('m'):\n    await client.read('1')",
        ),
        (
            "with open('f') as f:\n    client.read(f)",
            "with open('f') as f:\n    await client.read(f)",
        ),
        ("s = 'für'; client.read('ä')", "s = 'für'; await client.read('ä')"),
        ("client.close()", "await client.aclose()"),
        ("client.set_access_token('t')", "client.set_access_token('t')"),
        (
            "other.read('1'); read('1'); client.base_url",
            "other.read('1'); read('1'); client.base_url",
        ),
        (
            "try:\n    client.read('1')\nexcept E:\n    pass",
            "try:\n    await client.read('1')\nexcept E:\n    pass",
        ),
    ],
)
def test_calls_on_the_client_are_awaited(example: str, asynchronous: str) -> None:
    assert rewritten(example) == asynchronous


@pytest.mark.parametrize(
    ("example", "problem"),
    [
        ("client.reed('1')", "calls client.reed, which there is not"),
        ("client.operations.walk()", "calls client.operations.walk, which there is not"),
        ("list(client.pages('T'))", "uses client.pages outside of a `for`"),
        ("client.read('1', '2')", "gives client.read more by position than it takes"),
        ("client.read(id_='1')", "gives client.read 'id_', which it does not take"),
        ("x = = 1", "that is not Python: invalid syntax in line 1"),
    ],
)
def test_an_example_that_would_not_run_is_a_problem(example: str, problem: str) -> None:
    found = problems_of(example)

    assert len(found) == 1
    assert found[0].startswith("has an example ")
    assert found[0].endswith(problem)
