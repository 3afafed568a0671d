"""The symbols of the Unified Code for Units of Measure, from which unit codes are composed.

The codes of https://ucum.org/ucum in their case-sensitive form. The UCUM codes, tables and
specification are copyright 1998-2024 Regenstrief Institute, Inc.; https://ucum.org/license.
"""

import re

PREFIXES = frozenset({
    "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "da", "d", "c", "m", "u", "n", "p", "f", "a", "z",
    "y", "Ki", "Mi", "Gi", "Ti",
})  # fmt: skip

# What is measured, in length, time, mass, angle, temperature, charge and luminous intensity (L, T,
# M, A, C, Q, F); whether a prefix may stand before the unit; and the units.
_SYMBOLS = """
1 prefixed: B By Np [IU] [iU] bit eq mol osm
1 plain: % 10* 10^ [APL'U] [AU] [Amb'a'1'U] [BAU] [CCID_50] [CFU] [D'ag'U] [EID_50] [ELU] [EU]
  [FEU] [FFU] [FNU] [GPL'U] [HPF] [IR] [LPF] [Lf] [MPL'U] [NTU] [PFU] [PNU] [TCID_50] [USP'U]
  [anti'Xa'U] [arb'U] [bdsk'U] [beth'U] [car_Au] [dye'U] [hnsf'U] [hp'_C] [hp'_M] [hp'_Q]
  [hp'_X] [hp_C] [hp_M] [hp_Q] [hp_X] [ka'U] [knk'U] [kp_C] [kp_M] [kp_Q] [kp_X] [mclg'U] [pi]
  [ppb] [ppm] [ppth] [pptr] [smgy'U] [tb'U] [todd'U] bit_s
A prefixed: rad
A plain: %[slope] ' '' [p'diop] circ deg gon
C prefixed: Cel K
C plain: [degF] [degR] [degRe]
F prefixed: cd
L prefixed: [ly] m pc
L plain: AU Ao [Ch] [ch_br] [ch_us] [cicero] [didot] [ft_br] [ft_i] [ft_us] [fth_br] [fth_i]
  [fth_us] [fur_us] [hd_i] [in_br] [in_i] [in_us] [ligne] [lk_br] [lk_us] [lne] [mi_br] [mi_i]
  [mi_us] [mil_i] [mil_us] [nmi_br] [nmi_i] [pc_br] [pca] [pca_pr] [pied] [pnt] [pnt_pr] [pouce]
  [rch_us] [rd_br] [rd_us] [rlk_us] [smoot] [yd_br] [yd_i] [yd_us]
M prefixed: [m_e] [m_p] g t u
M plain: [car_m] [dr_ap] [dr_av] [gr] [lb_ap] [lb_av] [lb_tr] [lcwt_av] [lton_av] [oz_ap]
  [oz_av] [oz_m] [oz_tr] [pwt_tr] [sc_ap] [scwt_av] [ston_av] [stone_av]
Q prefixed: C [e]
T prefixed: s
T plain: [S] a a_g a_j a_t d h min mo mo_g mo_j mo_s wk
A2 prefixed: sr
A2 plain: sph
L2 prefixed: ar
L2 plain: [acr_br] [acr_us] [cml_i] [sct] [sft_i] [sin_i] [smi_us] [srd_us] [syd_i] [twp] b
L3 prefixed: L l st
L3 plain: [bbl_us] [bf_i] [bu_br] [bu_us] [cft_i] [cin_i] [cr_i] [crd_us] [cup_m] [cup_us]
  [cyd_i] [dpt_us] [dqt_us] [drp] [fdr_br] [fdr_us] [foz_br] [foz_m] [foz_us] [gal_br] [gal_us]
  [gal_wi] [gil_br] [gil_us] [min_br] [min_us] [pk_br] [pk_us] [pt_br] [pt_us] [qt_br] [qt_us]
  [tbs_m] [tbs_us] [tsp_m] [tsp_us]
A2F prefixed: lm
L-1 prefixed: Ky
L-1 plain: [diop] [mesh_i]
L-3 plain: [pH]
T-1 prefixed: Bd Bq Ci Hz U kat
L-1M prefixed: tex
L-1M plain: [den]
L-2F prefixed: Lmb sb
L-3M prefixed: g%
LT-1 prefixed: [c]
LT-1 plain: [kn_br] [kn_i]
LT-2 prefixed: Gal [g]
M-1Q prefixed: R
T-1Q prefixed: A Bi Gb
L2T-1 prefixed: St
L2T-2 prefixed: Gy RAD REM Sv
L2T-3 plain: [m/s2/Hz^(1/2)]
LMQ-2 prefixed: [mu_0]
LT-2M prefixed: N dyn gf
LT-2M plain: [lbf_av]
L-2A2F prefixed: lx ph
L2MQ-2 prefixed: H
L2T-1M prefixed: [h]
L2T-2M prefixed: J cal cal_IT cal_[15] cal_[20] cal_m cal_th eV erg
L2T-2M plain: [Btu] [Btu_39] [Btu_59] [Btu_60] [Btu_IT] [Btu_m] [Btu_th] [Cal]
L2T-3M prefixed: B[W] B[kW] W
L2T-3M plain: [HP]
L-1T-1M prefixed: P
L-1T-1Q prefixed: Oe
L-1T-2M prefixed: B[SPL] Pa bar m[H2O] m[Hg]
L-1T-2M plain: Torr [in_i'H2O] [in_i'Hg] [psi] atm att
L-4T-1M plain: [PRU] [wood'U]
T-1MQ-1 prefixed: G T
L3T-1M-1 plain: [MET]
L3T-2M-1 prefixed: [G]
L-2TM-1Q2 prefixed: S mho
L2T-1MQ-1 prefixed: Mx Wb
L2T-1MQ-2 prefixed: Ohm
L2T-2MC-1 prefixed: [k]
L2T-2MQ-1 prefixed: B[10.nV] B[V] B[mV] B[uV] V
L-2T2M-1Q2 prefixed: F
L-3T2M-1Q2 prefixed: [eps_0]
"""

Dimension = tuple[int, ...]  # the exponents of the seven, in that order
NONE: Dimension = (0,) * 7
_POWER = re.compile("([LTMACQF])(-?[0-9]?)")


def _dimension(text: str) -> Dimension:
    powers = {name: int(power or "1") for name, power in _POWER.findall(text)}
    return tuple(powers.get(name, 0) for name in "LTMACQF")


def _read() -> tuple[dict[str, Dimension], frozenset[str]]:
    units: dict[str, Dimension] = {}
    metric: set[str] = set()
    for line in _SYMBOLS.strip().replace("\n  ", " ").splitlines():
        head, _, symbols = line.partition(": ")
        powers, _, kind = head.partition(" ")
        units |= dict.fromkeys(symbols.split(), _dimension(powers))
        metric |= set(symbols.split()) if kind == "prefixed" else set()
    return units, frozenset(metric)


UNITS, METRIC = _read()
