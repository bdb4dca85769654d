"""The lines that README.md and docs/python.md show, as they stand there."""

from __future__ import annotations

import re
from typing import Any, Dict

import pytest

from .conftest import ROOT, Service

FIVE_LINES = re.compile(r"```python\n(import pandas as pd\n.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_five_lines_from_the_import_to_a_scored_frame(
    page: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pandas")
    found = FIVE_LINES.search((ROOT / page).read_text())
    assert found is not None
    lines = found.group(1)
    assert lines.count("\n") == 5
    monkeypatch.setenv("SCR_MODELOPS_URL", service.url)
    monkeypatch.chdir(ROOT)
    names: Dict[str, Any] = {}
    exec(lines, names)
    assert len(names["scored"]) == 200
    assert names["scored"]["P_BAD1"].notna().all()
    assert names["scored"]["_error"].isna().all()
    names["client"].models.delete("sr-hmeq", wait=True)
