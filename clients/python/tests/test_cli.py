from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from scr_modelops.tables import yaml_text

from .conftest import LOGREG, NEWER, SAMPLE, Service

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(service: Service) -> Run:
    """The command as a process of its own."""
    def command(*words: str, url: str = service.url) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "scr_modelops.cli", *words], text=True, capture_output=True,
            env={**os.environ, "SCR_MODELOPS_URL": url}, timeout=120,
        )

    return command


def test_models_print_as_a_table_and_for_programs(run: Run, hmeq: str) -> None:
    assert run("models").stdout.startswith("NAME")
    from_json = json.loads(run("models", "-o", "json").stdout)
    from_yaml = yaml.safe_load(run("models", "-o", "yaml").stdout)
    assert [one["name"] for one in from_json] == [one["name"] for one in from_yaml]
    assert hmeq in [one["name"] for one in from_json]


def test_a_model_from_deploying_to_deleting(run: Run) -> None:
    made = run("deploy", "py-cli", LOGREG, "--window", "30s", "-o", "json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["scaling"]["window"] == "30s"
    assert made.stderr.splitlines()[-1].endswith("serves as asked for on 1 pod")
    assert "s  " in made.stderr.splitlines()[-1]  # timed
    assert run("challenger", "py-cli", NEWER).returncode == 0
    shares = run("traffic", "py-cli", "py-cli-00001=80", "challenger=20", "-o", "json").stdout
    assert [row["percent"] for row in json.loads(shares)["traffic"]] == [80, 20]
    assert "200 of 200 rows compared" in run("compare", "py-cli", str(SAMPLE)).stdout
    assert "100" in run("promote", "py-cli").stdout
    assert "80" in run("rollback", "py-cli").stdout
    assert "listening on port" in run("logs", "py-cli").stdout
    assert run("delete", "py-cli").returncode == 0


def test_a_file_is_scored_to_a_file_or_to_standard_output(
    run: Run, hmeq: str, tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    scored = run("score", hmeq, str(SAMPLE), "-o", str(out))
    assert (scored.returncode, scored.stdout) == (0, "")
    assert scored.stderr.startswith("200 rows scored in")
    assert run("score", hmeq, str(SAMPLE)).stdout == out.read_text()


def test_failed_rows_are_an_exit_code_of_their_own(run: Run, grade: str, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_text("INCOME,DEBT,REGION,ACCOUNT\nx,2,NORTH,00501\n")
    scored = run("score", grade, str(file))
    assert scored.returncode == 5
    assert "1 failed" in scored.stderr


@pytest.mark.parametrize("words, code, says", [
    (["get", "py-nobody"], 1, "What to do"),
    (["deploy", "py-x"], 2, "IMAGE"),
    (["traffic", "py-x", "champion"], 2, "NAME=PERCENT"),
    (["score", "py-x", "nothing.csv"], 2, "can't be read"),
    (["--url", "http://127.0.0.1:9", "models"], 3, "SCR_MODELOPS_URL"),
])
def test_exit_codes_tell_what_kind_of_failure_it_was(
    run: Run, words: list[str], code: int, says: str
) -> None:
    ended = run(*words)
    assert ended.returncode == code, ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_wait_that_is_over_is_an_exit_code_of_its_own(run: Run) -> None:
    ended = run("deploy", "py-late", f"{LOGREG}-slowstart", "--wait", "1")
    assert ended.returncode == 4, ended.stderr
    assert "not there yet after 1 s" in ended.stderr
    run("delete", "py-late", "--wait", "0")


def test_ctrl_c_is_an_exit_code_and_leaves_no_file(
    run: Run, service: Service, tmp_path: Path
) -> None:
    assert run("deploy", "py-idle", f"{LOGREG}-slow").returncode == 0
    with subprocess.Popen(
        [sys.executable, "-m", "scr_modelops.cli", "--url", service.url, "score", "py-idle", "-",
         "-o", str(tmp_path / "out.csv")],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:
        assert program.stdin is not None
        # More than a pipe and a block: when it is written, the first block has been sent.
        program.stdin.write((SAMPLE.read_bytes() * 20)[:140_000])
        program.send_signal(signal.SIGINT)
        said = program.stderr.read() if program.stderr is not None else b""
    assert (program.returncode, said) == (130, b"stopped\n")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("words, expected", [
    (["sc"], ["score"]),
    (["models", "--sel"], ["--selector"]),
    (["models", "-o", "y"], ["yaml"]),
    (["completion", ""], ["bash", "zsh", "fish"]),
    (["score", "py-hm"], ["py-hmeq"]),
    (["score", "py-hmeq", "ex"], []),
])
def test_completion_knows_commands_options_values_and_models(
    run: Run, hmeq: str, words: list[str], expected: list[str]
) -> None:
    assert run("__complete", *words).stdout.split() == expected


def test_bash_completes_by_the_script(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "completion"
    script.write_text(run("completion", "bash").stdout)
    bin = tmp_path / "scr-modelops"
    bin.write_text(f'#!/bin/sh\nexec {sys.executable} -m scr_modelops.cli "$@"\n')
    bin.chmod(0o755)
    code = (f'PATH={tmp_path}:$PATH; . {script}; COMP_WORDS=(scr-modelops roll); COMP_CWORD=1; '
            '_scr_modelops; echo "${COMPREPLY[@]}"')
    ended = subprocess.run(["bash", "-c", code], text=True, capture_output=True)
    assert ended.stdout.strip() == "rollback", ended.stderr


@pytest.mark.parametrize("value", [
    {}, [], {"a": []}, "no", "1.0", "x: y", "- x", "a\nb", "ümlaut", "", None, True, 1, 0.1,
    {"a": {"b": [1, {"c": None, "d": [[], [1, [2]]]}]}, "yes": "2026-01-01T00:00:00Z"},
    "registry.demo/sr:1.0", "0x10", "1e3", "~", "a#b", "a #b", "12:30", "null", "x:",
])
def test_yaml_reads_back_as_what_was_written(value: Any) -> None:
    assert yaml.safe_load(yaml_text(value)) == value
