from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from scr_modelops import Client, InputError, Invalid, RowsFailed

from .conftest import ROOT, SAMPLE
from .formula import p_bad1, same

WHOLE = Path(os.environ.get("HMEQ_CSV") or ROOT.parent / "shared" / "data" / "hmeq.csv")


def loans(**columns: object) -> pd.DataFrame:
    given = {
        "INCOME": [52000.0, 1.0], "DEBT": [9000.0, None], "REGION": ["NORTH", None],
        "ACCOUNT": ["00501", "NA"],
    }
    return pd.DataFrame({**given, **columns}, index=["a", "b"])


@pytest.mark.parametrize("file", [SAMPLE, WHOLE], ids=["sample", "whole"])
def test_every_score_of_a_frame_equals_the_published_formula(
    client: Client, hmeq: str, file: Path
) -> None:
    if not file.exists():
        pytest.skip("the whole file is not on this machine")
    with file.open(newline="") as texts:
        expected = [p_bad1(row) for row in csv.DictReader(texts)]
    scored = client.score(hmeq, pd.read_csv(file))
    assert len(scored) == len(expected)
    wrong = [pair for pair in zip(scored["P_BAD1"], expected) if not same(*pair)]
    assert wrong == []
    assert scored["_error"].isna().all()


def test_dtypes_come_from_the_signature(client: Client, grade: str) -> None:
    scored = client.score(grade, loans(), columns="outputs")
    assert {name: str(kind) for name, kind in scored.dtypes.items()} == {
        "GRADE": "string", "SCORE": "Float64", "REASON_CODE": "string", "ACCOUNT_OUT": "string",
        "LIMIT": "Float64", "_error": "string",
    }


def test_text_stays_text_and_missing_is_na(client: Client, grade: str) -> None:
    scored = client.score(grade, loans())
    assert list(scored["ACCOUNT_OUT"]) == ["00501", "NA"]
    assert scored.loc["a", "REASON_CODE"] is pd.NA


def test_the_index_is_the_frames_own(client: Client, grade: str) -> None:
    index = pd.MultiIndex.from_tuples([("x", 7), ("x", 3)])
    scored = client.score(grade, loans().set_axis(index, axis=0))
    assert scored.index.equals(index)


def test_carried_columns_keep_their_values_and_dtypes(client: Client, grade: str) -> None:
    when = pd.to_datetime(["2026-01-01", "2026-01-02"])
    scored = client.score(grade, loans(WHEN=when), columns=["WHEN", "ACCOUNT"])
    assert list(scored.columns[:2]) == ["WHEN", "ACCOUNT"]
    assert list(scored["WHEN"]) == list(when)


def test_an_input_column_called_like_an_output_is_carried_as_in_name(
    client: Client, grade: str
) -> None:
    scored = client.score(grade, loans(Grade=["x", "y"]))
    assert list(scored["in_Grade"]) == ["x", "y"]
    assert scored.loc["a", "GRADE"] == "B"


def test_names_match_without_regard_to_case(client: Client, grade: str) -> None:
    scored = client.score(grade, loans().rename(columns=str.lower))
    assert scored.loc["a", "SCORE"] == 623.7307692307693


def test_a_frame_is_not_changed(client: Client, grade: str) -> None:
    frame = loans()
    client.score(grade, frame)
    pd.testing.assert_frame_equal(frame, loans())


def test_numbers_in_a_text_variable_are_refused(client: Client, grade: str) -> None:
    with pytest.raises(InputError, match="ACCOUNT is text.*integer") as raised:
        client.score(grade, loans(ACCOUNT=[501, 502]))
    assert 'astype("string")' in raised.value.remedy


def test_texts_with_numbers_among_them_are_refused(client: Client, grade: str) -> None:
    with pytest.raises(InputError, match="mixed"):
        client.score(grade, loans(ACCOUNT=["00501", 502]))


def test_categories_and_quoted_texts_arrive_as_they_are(client: Client, grade: str) -> None:
    odd = ['a,"b"', "x\ny"]
    scored = client.score(grade, loans(REGION=pd.Categorical(["NORTH", None]), ACCOUNT=odd))
    assert scored["ACCOUNT_OUT"].tolist() == odd


def test_sas_missing_values_in_texts_are_missing(client: Client, grade: str) -> None:
    scored = client.score(grade, loans(DEBT=["9000", "."]))
    assert scored.loc["b", "REASON_CODE"] == "NO_DEBT_INFO"


def test_rows_that_fail_are_reported_in_their_place(client: Client, grade: str) -> None:
    with pytest.warns(RowsFailed, match="1 of 2 rows failed.*INCOME"):
        scored = client.score(grade, loans(INCOME=["x", "52000"]))
    assert "is not a number" in scored.loc["a", "_error"]
    assert scored.loc["a", "SCORE"] is pd.NA
    assert scored.loc["b", "_error"] is pd.NA


def test_skip_leaves_failed_rows_out(client: Client, grade: str) -> None:
    scored = client.score(grade, loans(INCOME=["x", "52000"]), errors="skip")
    assert list(scored.index) == ["b"]
    assert "_error" not in scored


def test_raise_names_the_first_failed_row(client: Client, grade: str) -> None:
    with pytest.raises(Invalid) as raised:
        client.score(grade, loans(INCOME=["1", "x"]), errors="raise")
    assert raised.value.status == 422
    assert "line 3, column INCOME" in raised.value.detail


def test_columns_that_are_missing_are_named(client: Client, grade: str) -> None:
    with pytest.raises(Invalid, match="REGION, ACCOUNT") as raised:
        client.score(grade, loans()[["INCOME", "DEBT"]])
    assert raised.value.type == "/problems/columns-missing"
    assert "add the named columns" in raised.value.remedy


def test_a_frame_without_rows_has_the_outputs_columns(client: Client, grade: str) -> None:
    scored = client.score(grade, loans().iloc[:0])
    assert len(scored) == 0
    assert str(scored["SCORE"].dtype) == "Float64"


def test_an_iterator_of_frames_is_scored_piece_by_piece(client: Client, hmeq: str) -> None:
    whole = client.score(hmeq, pd.read_csv(SAMPLE))
    pieces = list(client.score(hmeq, pd.read_csv(SAMPLE, chunksize=70)))
    assert [len(piece) for piece in pieces] == [70, 70, 60]
    assert list(pd.concat(pieces)["P_BAD1"]) == list(whole["P_BAD1"])


def test_frames_of_polars_and_pyarrow_come_back_as_such(client: Client, grade: str) -> None:
    frame = loans().reset_index(drop=True)
    table = client.score(grade, pa.Table.from_pandas(frame), columns="outputs")
    assert table["ACCOUNT_OUT"].to_pylist() == ["00501", "NA"]
    polars = client.score(grade, pl.from_pandas(frame), columns="outputs")
    assert polars["SCORE"].to_list() == [623.7307692307693, 600.001]


def test_a_dict_is_one_row_and_needs_no_pandas(client: Client, grade: str) -> None:
    row = {"INCOME": 52000, "DEBT": None, "REGION": "NORTH", "ACCOUNT": "00501"}
    one = client.score(grade, row, columns="outputs")
    assert (one["REASON_CODE"], one["ACCOUNT_OUT"]) == ("NO_DEBT_INFO", "00501")
    two = client.score(grade, [row, {**row, "INCOME": "x"}])
    assert two[0]["_error"] is None
    assert "INCOME" in two[1]["_error"]


def test_a_step_is_scored_by_the_values_own_types(client: Client, grade: str) -> None:
    scored = client.score(grade, loans(), step="execute", columns="outputs")
    assert scored["ACCOUNT_OUT"].tolist() == ["00501", "NA"]
    assert (str(scored["SCORE"].dtype), scored.loc["a", "SCORE"]) == ("Float64", 623.7307692307693)
    assert scored.loc["a", "REASON_CODE"] is pd.NA


def test_nan_in_a_dict_is_a_missing_value(client: Client, grade: str) -> None:
    frame = loans(INCOME=np.array([52000, 1]))
    row = client.score(grade, frame.loc["b"].to_dict())
    assert (row["DEBT"], row["REASON_CODE"]) == (None, "NO_DEBT_INFO")


def test_values_that_json_has_no_word_for_are_named(client: Client, grade: str) -> None:
    with pytest.raises(InputError, match="column INCOME: inf"):
        client.score(grade, {"INCOME": float("inf")})


def test_half_a_character_is_refused(client: Client, grade: str) -> None:
    with pytest.raises(InputError, match="half a character"):
        client.score(grade, loans(ACCOUNT=pd.Series(["\ud800", "b"], ["a", "b"], dtype="object")))


def test_an_option_that_does_not_exist_is_refused_with_those_that_do(
    client: Client, grade: str
) -> None:
    with pytest.raises(InputError, match="colums") as raised:
        client.score(grade, loans(), colums="outputs")
    assert "columns" in raised.value.remedy


def test_the_progress_of_a_frame_counts_its_rows(client: Client, hmeq: str) -> None:
    seen = []
    scored = client.score(hmeq, pd.read_csv(SAMPLE), progress=lambda now: seen.append(
        (now.state, now.sent, now.total, now.rows)
    ))
    assert seen[-1] == ("done", 200, 200, 200)
    assert scored.attrs["scoring"]["revisions"] == {f"{hmeq}-00001": 200}


def test_importing_needs_no_pandas(service: object) -> None:
    import subprocess
    code = "import sys, scr_modelops.cli; sys.exit('pandas' in sys.modules or 'tqdm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
