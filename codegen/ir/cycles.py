"""Finds the elements that lead back to where they stand, so that building ends."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from codegen.ir.types import Class, Element


def mark_cycles(classes: Iterable[Class]) -> dict[str, Class]:
    """Return the classes by name, with the elements that close a cycle marked lazy."""
    by_name = {c.name: c for c in classes}
    chains = {name: list(_chain(by_name, name)) for name in by_name}
    edges = {
        name: {e.type for c in chain for e in c.elements if _is_edge(e)}
        for name, chain in chains.items()
    }
    reach = _components(edges)
    cyclic = {
        (c.name, e.name)
        for name, chain in chains.items()
        for c in chain
        for e in c.elements
        if _is_edge(e) and reach[name] == reach.get(e.type)
    }
    return {
        name: replace(
            c,
            elements=tuple(
                replace(e, is_lazy=True) if (name, e.name) in cyclic else e for e in c.elements
            ),
        )
        for name, c in by_name.items()
    }


def _is_edge(element: Element) -> bool:
    return not element.is_primitive and not element.is_lazy


def _chain(by_name: Mapping[str, Class], name: str | None) -> Iterable[Class]:
    found = by_name.get(name) if name else None
    while found:
        yield found
        found = by_name.get(found.base) if found.base else None


def _components(edges: Mapping[str, set[str]]) -> dict[str, int]:
    """Number the strongly connected components (Kosaraju): same number, same component."""
    backwards: dict[str, set[str]] = {name: set() for name in edges}
    for name, targets in edges.items():
        for target in targets & edges.keys():
            backwards[target].add(name)
    order = _postorder(edges, sorted(edges))
    component: dict[str, int] = {}
    for number, root in enumerate(reversed(order)):
        todo = [root]
        while todo:
            name = todo.pop()
            if name not in component:
                component[name] = number
                todo += backwards[name]
    return component


def _postorder(edges: Mapping[str, set[str]], roots: list[str]) -> list[str]:
    order: list[str] = []
    seen: set[str] = set()
    for root in roots:
        todo = [(root, False)]
        while todo:
            name, is_done = todo.pop()
            if is_done:
                order.append(name)
            elif name not in seen and name in edges:
                seen.add(name)
                todo.append((name, True))
                todo += [(target, False) for target in sorted(edges[name]) if target not in seen]
    return order
