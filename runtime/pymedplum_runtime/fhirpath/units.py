"""Units of UCUM that clinical data has, as a factor and the powers of base units.

Source: https://ucum.org/ucum; own sentences, facts only. A unit that is not here compares with
itself alone.
"""

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

_PREFIXES = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
# Units that take prefixes: a factor, and what it is a factor of.
_METRIC: dict[str, tuple[str, str]] = {
    "m": ("1", "m"), "s": ("1", "s"), "g": ("1", "g"), "C": ("1", "C"), "K": ("1", "K"),
    "cd": ("1", "cd"), "rad": ("1", "rad"), "Cel": ("1", "Cel"), "B": ("1", "B"),
    "mol": ("6.02214076e23", ""), "sr": ("1", "rad2"), "Hz": ("1", "s-1"),
    "N": ("1000", "g.m.s-2"), "Pa": ("1000", "g.m-1.s-2"), "J": ("1000", "g.m2.s-2"),
    "W": ("1000", "g.m2.s-3"), "A": ("1", "C.s-1"), "V": ("1000", "g.m2.s-2.C-1"),
    "F": ("0.001", "s2.C2.g-1.m-2"), "Ohm": ("1000", "g.m2.s-1.C-2"),
    "S": ("0.001", "s.C2.g-1.m-2"), "Wb": ("1000", "g.m2.s-1.C-1"), "T": ("1000", "g.s-1.C-1"),
    "lm": ("1", "cd.rad2"), "lx": ("1", "cd.rad2.m-2"), "Bq": ("1", "s-1"), "Gy": ("1", "m2.s-2"),
    "Sv": ("1", "m2.s-2"), "kat": ("6.02214076e23", "s-1"),
    "U": ("1.003690126666666666666666667e16", "s-1"), "L": ("0.001", "m3"), "l": ("0.001", "m3"),
    "ar": ("100", "m2"), "t": ("1000000", "g"), "bar": ("100000000", "g.m-1.s-2"),
    "u": ("1.66053906660e-24", "g"), "eV": ("1.602176634e-16", "g.m2.s-2"),
    "cal": ("4184", "g.m2.s-2"), "m[H2O]": ("9806650", "g.m-1.s-2"),
    "m[Hg]": ("133322000", "g.m-1.s-2"), "eq": ("6.02214076e23", ""),
    "osm": ("6.02214076e23", ""), "[iU]": ("1", "[iU]"), "[IU]": ("1", "[iU]"),
    "Ci": ("3.7e10", "s-1"), "dyn": ("0.01", "g.m.s-2"), "erg": ("0.0001", "g.m2.s-2"),
    "P": ("100", "g.m-1.s-1"), "bit": ("1", "bit"), "By": ("8", "bit"),
    "[arb'U]": ("1", "[arb'U]"),
}  # fmt: skip
# Units that take none.
_OTHER: dict[str, tuple[str, str]] = {
    "min": ("60", "s"), "h": ("3600", "s"), "d": ("86400", "s"), "wk": ("604800", "s"),
    "mo": ("2629800", "s"), "a": ("31557600", "s"), "%": ("0.01", ""), "[ppth]": ("0.001", ""),
    "[ppm]": ("0.000001", ""), "[ppb]": ("0.000000001", ""),
    "[pi]": ("3.14159265358979323846", ""), "deg": ("0.01745329251994329576923690768", "rad"),
    "'": ("0.0002908882086657215961539484615", "rad"), "[in_i]": ("0.0254", "m"),
    "[ft_i]": ("0.3048", "m"), "[yd_i]": ("0.9144", "m"), "[mi_i]": ("1609.344", "m"),
    "[nmi_i]": ("1852", "m"), "[sin_i]": ("0.00064516", "m2"), "[sft_i]": ("0.09290304", "m2"),
    "[cin_i]": ("0.000016387064", "m3"), "[lb_av]": ("453.59237", "g"),
    "[oz_av]": ("28.349523125", "g"), "[gr]": ("0.06479891", "g"), "[st_av]": ("6350.29318", "g"),
    "[dr_av]": ("1.7718451953125", "g"), "[gal_us]": ("0.003785411784", "m3"),
    "[qt_us]": ("0.000946352946", "m3"), "[pt_us]": ("0.000473176473", "m3"),
    "[cup_us]": ("0.0002365882365", "m3"), "[foz_us]": ("0.0000295735295625", "m3"),
    "[tbs_us]": ("0.00001478676478125", "m3"), "[tsp_us]": ("0.00000492892159375", "m3"),
    "[in_i'Hg]": ("3386378.8", "g.m-1.s-2"), "[psi]": ("6894757.293168361", "g.m-1.s-2"),
    "atm": ("101325000", "g.m-1.s-2"), "[degF]": ("1", "[degF]"), "[pH]": ("1", "[pH]"),
    "[drp]": ("0.00000005", "m3"), "[hp_X]": ("1", "[hp_X]"), "[Cal]": ("4184000", "g.m2.s-2"),
    "[lbf_av]": ("4448.2216152605", "g.m.s-2"), "[cfu]": ("1", "[cfu]"), "[pfu]": ("1", "[pfu]"),
    "[CFU]": ("1", "[cfu]"), "[PFU]": ("1", "[pfu]"), "[diop]": ("1", "m-1"),
}  # fmt: skip
_PIECE = re.compile(r"([./]?)(\(|\)|\{[^{}]*\}|[^./(){}]+)")
_POWER_OF_TEN = re.compile(r"10[*^]([+-]?[0-9]{1,2})?")
_UNIT = re.compile(r"(.*?[^0-9+-])([+-]?[0-9]{1,2})?", re.DOTALL)
_MOST_CHARACTERS = 100


class Unit(NamedTuple):
    """What one of a unit is in base units."""

    factor: Decimal
    powers: tuple[tuple[str, int], ...]
    """The base units with their powers, by name."""


def unit_of(code: str) -> Unit | None:
    """Return what a UCUM unit is, or None for one that is not known here."""
    return _unit(code) if 0 < len(code) <= _MOST_CHARACTERS else None


@lru_cache(maxsize=1024)
def _unit(code: str) -> Unit | None:
    stack: list[tuple[int, Decimal, dict[str, int]]] = []
    factor, powers, at, sign = Decimal(1), dict[str, int](), 0, 1
    while at < len(code):
        piece = _PIECE.match(code, at)
        if piece is None:
            return None
        at = piece.end()
        sign = -1 if piece[1] == "/" else 1
        if piece[2] == "(":
            stack.append((sign, factor, powers))
            factor, powers = Decimal(1), {}
            continue
        if piece[2] == ")":
            if not stack or piece[1]:
                return None
            its_sign, outer, outer_powers = stack.pop()
            inner = Unit(factor, tuple(powers.items()))
            factor, powers = _times(outer, outer_powers, inner, its_sign)
            continue
        found = Unit(Decimal(1), ()) if piece[2][0] == "{" else _component(piece[2])
        if found is None:
            return None
        factor, powers = _times(factor, powers, found, sign)
    kept = sorted((name, power) for name, power in powers.items() if power)
    return None if stack else Unit(factor, tuple(kept))


def _times(
    factor: Decimal, powers: dict[str, int], unit: Unit, power: int
) -> tuple[Decimal, dict[str, int]]:
    for name, its_power in unit.powers:
        powers[name] = powers.get(name, 0) + its_power * power
    return factor * unit.factor**power, powers


def _component(text: str) -> Unit | None:
    tens = _POWER_OF_TEN.fullmatch(text)
    if tens is not None:
        return Unit(Decimal(10) ** int(tens[1] or 1), ())
    if text.isascii() and text.isdigit():
        return Unit(Decimal(text), ()) if int(text) else None
    match = _UNIT.fullmatch(text)
    if match is None:
        return None
    atom, power = _atom(match[1]), int(match[2] or 1)
    if atom is None:
        return None
    return Unit(atom.factor**power, tuple((name, p * power) for name, p in atom.powers))


def _atom(text: str) -> Unit | None:
    plain = _METRIC.get(text) or _OTHER.get(text)
    scale = 0
    if plain is None:
        for length in (2, 1):
            plain = _METRIC.get(text[length:]) if text[:length] in _PREFIXES else None
            if plain is not None:
                scale = _PREFIXES[text[:length]]
                break
    if plain is None:
        return None
    factor, base = plain
    return Unit(Decimal(factor).scaleb(scale), _powers(base))


@lru_cache(maxsize=128)
def _powers(base: str) -> tuple[tuple[str, int], ...]:
    found: list[tuple[str, int]] = []
    for part in filter(None, base.split(".")):
        match = _UNIT.fullmatch(part)
        if match is not None:
            found.append((match[1], int(match[2] or 1)))
    return tuple(found)
