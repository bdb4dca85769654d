"""What the service writes for Python, as it is written: `/models/{name}/snippets` and
`/models/{name}/signature?format=pandas`."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pandas as pd
import pytest

from scr_modelops import Client

from .conftest import SAMPLE


def asked(client: Client, path: str) -> str:
    with urllib.request.urlopen(f"{client.url}{path}") as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize("language", ["python", "pandas"])
def test_the_program_prints_the_row_with_its_score(
    client: Client, hmeq: str, tmp_path: Path, language: str
) -> None:
    program = tmp_path / "snippet.py"
    program.write_text(asked(client, f"/models/{hmeq}/snippets?for={language}"))
    ran = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert "P_BAD1" in ran.stdout


def test_read_csv_takes_the_dtypes_for_the_scored_file_and_for_the_one_before(
    client: Client, hmeq: str, tmp_path: Path
) -> None:
    dtypes = json.loads(asked(client, f"/models/{hmeq}/signature?format=pandas"))
    out = tmp_path / "scored.csv"
    client.score_csv(hmeq, SAMPLE, out, progress=False)
    for file in (SAMPLE, out):
        frame = pd.read_csv(file, dtype=dtypes, keep_default_na=False, na_values=["", "."])
        found = {name: str(frame[name].dtype) for name in frame.columns if name in dtypes}
        assert found == {name: dtype for name, dtype in dtypes.items() if name in found}
        assert len(found) >= 12
    assert set(frame.columns) - {"BAD"} == set(dtypes)
