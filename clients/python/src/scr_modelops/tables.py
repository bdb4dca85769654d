"""Tables and YAML as text."""

from __future__ import annotations

import json
import re
from typing import Any, List, Mapping, Sequence


def text_table(rows: Sequence[Mapping[str, str]]) -> str:
    """Columns side by side, as kubectl prints them. Empty columns are left out."""
    names = [name for name in rows[0] if any(row[name] for row in rows)]
    lines = [names, *([_one_line(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
        for line in lines
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]+)*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def yaml_text(value: Any) -> str:
    """JSON's values as YAML. Every text that could be read as something else is quoted."""
    return "\n".join(_yaml_lines(value))


def _yaml_lines(value: Any) -> List[str]:
    if isinstance(value, Mapping) and value:
        return [line for key, item in value.items() for line in _member(f"{_scalar(key)}:", item)]
    if isinstance(value, (list, tuple)) and value:
        lines = []
        for item in value:
            first, *rest = _yaml_lines(item)
            lines += [f"- {first}", *(f"  {line}" for line in rest)]
        return lines
    return [_scalar(value)]


def _member(head: str, item: Any) -> List[str]:
    if isinstance(item, (Mapping, list, tuple)) and item:
        return [head, *(f"  {line}" for line in _yaml_lines(item))]
    return [f"{head} {_scalar(item)}"]


def _scalar(value: Any) -> str:
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return json.dumps(value, ensure_ascii=True)
