from hypothesis import given
from hypothesis import strategies as st

from pymedplum_runtime.loading.waves import Graph

Links = list[tuple[int, int]]


@st.composite
def links(draw: st.DrawFn) -> tuple[int, Links]:
    count = draw(st.integers(1, 12))
    number = st.integers(1, count)
    return count, sorted(set(draw(st.lists(st.tuples(number, number), max_size=30))))


def reached(count: int, found: Links) -> dict[int, set[int]]:
    """Give what each leads to, over any number of links."""
    result = {n: {target for source, target in found if source == n} for n in range(1, count + 1)}
    for _ in range(count):
        for targets in result.values():
            targets |= {further for target in targets for further in result[target]}
    return result


@given(links())
def test_a_knot_is_what_leads_to_each_other(given_links: tuple[int, Links]) -> None:
    count, found = given_links
    leads = reached(count, found)
    knots = Graph(count, found).order().knots
    for n in range(1, count + 1):
        together = {other for other in leads[n] if n in leads[other]}
        assert knots[n] == (min(together) if together else 0)


@given(links())
def test_each_comes_in_the_first_wave_after_its_targets(given_links: tuple[int, Links]) -> None:
    count, found = given_links
    order = Graph(count, found).order()
    for n in range(1, count + 1):
        mine = {n} | {
            m for m in range(1, count + 1) if order.knots[n] and order.knots[m] == order.knots[n]
        }
        others = [target for source, target in found if source in mine and target not in mine]
        assert order.waves[n] == 1 + max((order.waves[target] for target in others), default=-1)


def test_long_chains_need_no_recursion() -> None:
    count = 5000
    order = Graph(count, [(n, n + 1) for n in range(1, count)]).order()
    assert [order.waves[n] for n in (1, count)] == [count - 1, 0]
