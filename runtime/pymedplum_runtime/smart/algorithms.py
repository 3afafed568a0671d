"""The algorithms of signatures, and the keys that each needs (RFC 7518, section 3)."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

AlgorithmName: TypeAlias = Literal[
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"
]

SHORTEST_RSA = 2048  # bits


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One algorithm."""

    name: AlgorithmName
    key_type: Literal["RSA", "EC"]
    curve: str | None = None
    """JOSE's name of the curve, of the ES algorithms."""
    size: int | None = None
    """Bytes of a signature, of the ES algorithms."""

    def refusal(self, length: int) -> str | None:
        """Say what is wrong with a signature of so many bytes; `None` where nothing is."""
        if self.size is None:
            shortest = SHORTEST_RSA // 8
            return None if length >= shortest else f"{self.name} has at least {shortest}"
        return None if length == self.size else f"{self.name} has {self.size}, or DER"


_RSA: tuple[AlgorithmName, ...] = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
_EC: tuple[tuple[AlgorithmName, str, int], ...] = (
    ("ES256", "P-256", 64),
    ("ES384", "P-384", 96),
    ("ES512", "P-521", 132),
)
ALGORITHMS: dict[str, Algorithm] = {
    **{name: Algorithm(name, "RSA") for name in _RSA},
    **{name: Algorithm(name, "EC", curve, size) for name, curve, size in _EC},
}
CURVES = {each.curve: each for each in ALGORITHMS.values() if each.curve}
"""The algorithm of each curve."""


def algorithm_of(name: str) -> Algorithm:
    """Return the algorithm of a name.

    Raises:
        ValueError: there is none; secrets (`HS256`) and `none` are not offered.
    """
    found = ALGORITHMS.get(name) if isinstance(name, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if found is None:
        raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}")
    return found
