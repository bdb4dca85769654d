"""The published formula of sr_hmeq_logreg:1.0 (simulator/README.md), written once more."""

from __future__ import annotations

import math
from typing import Mapping, Optional, Union

INTERCEPT = -2.6
# name, mean, coefficient; or the points of each level, "" for one that is missing or another
TERMS: list[tuple[str, Optional[float], Union[float, Mapping[str, float]]]] = [
    ("CLAGE", 179.8, -0.0055), ("CLNO", 21.3, -0.016), ("DEBTINC", 33.8, 0.057),
    ("DELINQ", 0.45, 0.73), ("DEROG", 0.25, 0.58),
    ("JOB", None, {"Mgr": 0.12, "Office": -0.48, "Other": 0.03, "ProfExe": -0.09, "Sales": 0.87,
                   "Self": 0.46, "": -1.15}),
    ("LOAN", 18600, -0.000019), ("MORTDUE", 73800, -0.0000036), ("NINQ", 1.19, 0.17),
    ("REASON", None, {"DebtCon": -0.11, "HomeImp": 0.14, "": 0.06}),
    ("VALUE", 101800, 0.0000027), ("YOJ", 8.9, -0.013),
]


def p_bad1(row: Mapping[str, str]) -> float:
    """The probability for a row of a CSV's texts; blank and "." are missing."""
    eta = INTERCEPT
    for name, mean, weight in TERMS:
        text = row[name]
        if isinstance(weight, Mapping):
            eta += weight.get(text, weight[""])
        else:
            assert mean is not None
            eta += weight * (mean if text in ("", ".") else float(text))
    return 1 / (1 + math.exp(-eta))


def same(left: float, right: float) -> bool:
    """Equal but for the last bits in which JavaScript's exp and Python's may differ."""
    return math.isclose(left, right, rel_tol=1e-15)
