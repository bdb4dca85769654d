"""Rows as lines of JSON."""

from __future__ import annotations

import json
from typing import Any, Mapping

from .errors import InputError


def json_line(row: Mapping[str, Any]) -> bytes:
    """A row as NDJSON. NaN, NaT and NA are missing values, numpy's numbers are numbers.

    Raises InputError for a value that JSON has no word for.
    """
    values = {str(name): _plain(value) for name, value in row.items()}
    try:
        return json.dumps(values, allow_nan=False).encode() + b"\n"
    except (TypeError, ValueError):
        for name, value in values.items():
            if not _is_json(value):
                raise InputError(
                    f"column {name}: {value!r} is no number, text or missing value",
                    "convert it: a date, for instance, to what the model takes it as",
                ) from None
        raise


def _plain(value: Any) -> Any:
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    return None if isinstance(value, float) and value != value else value


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True
