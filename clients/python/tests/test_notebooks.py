"""The notebooks of examples/ run from top to bottom. SAVE_NOTEBOOKS=1 keeps the outputs in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .conftest import ROOT, Service

NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
SHOWN_URL = "http://127.0.0.1:8080"


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)
def test_a_notebook_runs_and_has_its_outputs_saved(
    file: Path, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("SCR_MODELOPS_URL", service.url)
    notebook = nbformat.read(file, as_version=4)
    saved = [bool(cell.outputs) for cell in notebook.cells if cell.cell_type == "code"]
    folder = {"metadata": {"path": str(file.parent)}}
    nbclient.NotebookClient(notebook, timeout=120, resources=folder).execute()
    now = [bool(cell.outputs) for cell in notebook.cells if cell.cell_type == "code"]
    if os.environ.get("SAVE_NOTEBOOKS"):
        notebook.metadata = {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
        }
        for cell in notebook.cells:
            cell.metadata = {}
        text = nbformat.writes(notebook).replace(service.url, SHOWN_URL)
        file.write_text(text + "\n")
    else:
        assert saved == now
