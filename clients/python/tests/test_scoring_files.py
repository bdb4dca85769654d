from __future__ import annotations

import gzip
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest

from scr_modelops import AnswerCut, Client, ConnectionFailed, InputError, Invalid, NotFound
from scr_modelops.following import scoring_of
from scr_modelops.progress import Progress
from scr_modelops.settings import settings_of
from scr_modelops.transport import Transport

from .conftest import LOGREG, SAMPLE, Service


def test_a_file_is_scored_into_another(client: Client, hmeq: str, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    scored = client.score_csv(hmeq, SAMPLE, out, columns="outputs")
    assert (scored.rows, scored.failed) == (200, 0)
    lines = out.read_text().splitlines()
    assert lines[0].startswith("EM_CLASSIFICATION,") and len(lines) == 201
    assert os.listdir(tmp_path) == ["out.csv"]


def test_packed_files_are_read_and_written(client: Client, hmeq: str, tmp_path: Path) -> None:
    packed = tmp_path / "in.csv.gz"
    packed.write_bytes(gzip.compress(SAMPLE.read_bytes()))
    client.score_csv(hmeq, packed, tmp_path / "out.csv.gz")
    client.score_csv(hmeq, SAMPLE, tmp_path / "out.csv")
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == (
        tmp_path / "out.csv").read_bytes()


def test_a_file_may_be_scored_into_itself(client: Client, hmeq: str, tmp_path: Path) -> None:
    file = tmp_path / "loans.csv"
    file.write_bytes(SAMPLE.read_bytes())
    client.score_csv(hmeq, file, file)
    assert "P_BAD1" in file.read_text().splitlines()[0]


def test_a_refused_call_leaves_what_was_there(client: Client, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("yesterday's")
    with pytest.raises(NotFound, match="py-nobody"):
        client.score_csv("py-nobody", SAMPLE, out)
    assert out.read_text() == "yesterday's"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_errors_raise_refuses_the_file_at_its_first_failed_row(
    client: Client, grade: str, tmp_path: Path
) -> None:
    file = tmp_path / "in.csv"
    file.write_text("INCOME,DEBT,REGION,ACCOUNT\n1,2,NORTH,00501\nx,2,NORTH,00501\n")
    with pytest.raises(Invalid, match="line 3, column INCOME"):
        client.score_csv(grade, file, tmp_path / "out.csv", errors="raise")
    assert client.score_csv(grade, file, tmp_path / "out.csv").failed == 1
    client.score_csv(grade, file, tmp_path / "out.csv", errors="skip")
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 2


def test_files_that_can_not_be_read_or_written_are_named(
    client: Client, hmeq: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="nothing.csv can't be read"):
        client.score_csv(hmeq, tmp_path / "nothing.csv", tmp_path / "out.csv")
    with pytest.raises(InputError, match="can't be written"):
        client.score_csv(hmeq, SAMPLE, tmp_path / "no" / "out.csv")


def test_memory_does_not_grow_with_the_file(client: Client, hmeq: str, tmp_path: Path) -> None:
    header, *rows = SAMPLE.read_bytes().splitlines(keepends=True)
    big = tmp_path / "big.csv"
    big.write_bytes(header + b"".join(rows) * 60)
    tracemalloc.start()
    try:
        client.score_csv(hmeq, big, tmp_path / "out.csv")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < big.stat().st_size // 2


def test_the_progress_knows_the_files_length_and_the_scorings_id(
    client: Client, hmeq: str, service: Service, tmp_path: Path
) -> None:
    seen: list[Progress] = []
    scored = client.score_csv(hmeq, SAMPLE, tmp_path / "out.csv", progress=seen.append)
    assert (seen[-1].sent, seen[-1].total) == (SAMPLE.stat().st_size,) * 2
    assert '"rows":200' in service.logged(scored.id, seconds=5)


def test_ctrl_c_ends_the_scoring_on_the_service_and_leaves_no_file(
    client: Client, service: Service, tmp_path: Path
) -> None:
    client.models.deploy("py-slow", f"{LOGREG}-slow", wait=True)
    code = (
        "import sys; from scr_modelops import Client\n"
        "def tell(now): print(now.id, flush=True)\n"
        f"Client({service.url!r}).score_csv('py-slow', *sys.argv[1:], progress=tell)"
    )
    big = tmp_path / "big.csv"
    header, *rows = SAMPLE.read_bytes().splitlines(keepends=True)
    big.write_bytes(header + b"".join(rows) * 50)
    program = subprocess.Popen(
        [sys.executable, "-c", code, str(big), str(tmp_path / "out.csv")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )
    with program:
        assert program.stdout is not None
        scoring = program.stdout.readline().strip()
        program.send_signal(signal.SIGINT)
        assert service.logged(scoring, seconds=2)
        program.communicate(timeout=10)
    assert scoring_of(Transport(settings_of(service.url, None, None)), scoring)["state"] == "stopped"
    assert program.returncode != 0
    assert os.listdir(tmp_path) == ["big.csv"]


@contextmanager
def answering(answer: bytes) -> Iterator[Client]:
    """A server that reads a request to its end, answers these bytes, and closes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(5)
                got = b""
                while b"\r\n\r\n" not in got:
                    got += connection.recv(65536)
                head, _, body = got.partition(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                while len(body) < length:
                    body += connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield Client(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join(5)


@pytest.mark.parametrize("answer", [
    b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nA,B\n1,2\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\nA,B\n1,2\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n20\r\nA,B\n1,2\n",
    b"HTTP/1.0 200 OK\r\n\r\nA,B\n1,2\n",
], ids=["shorter than promised", "no last chunk", "within a chunk", "nobody can tell"])
def test_an_answer_that_is_cut_leaves_no_file(answer: bytes, tmp_path: Path) -> None:
    with answering(answer) as client, pytest.raises(AnswerCut):
        client.score_csv("any", SAMPLE, tmp_path / "out.csv")
    assert os.listdir(tmp_path) == []


def test_a_login_page_is_told_apart_from_the_service(tmp_path: Path) -> None:
    page = b"HTTP/1.1 302 Found\r\nlocation: https://login\r\ncontent-length: 0\r\n\r\n"
    with answering(page) as client, pytest.raises(Exception, match="leads to https://login"):
        client.score_csv("any", SAMPLE, tmp_path / "out.csv")


def test_a_proxy_of_the_environment_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page = b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nA,B\n1,2\n"
    with answering(page) as client:
        monkeypatch.setenv("http_proxy", client.url)
        monkeypatch.setenv("no_proxy", "")
        Client("http://scr.invalid/base").score_csv("any", SAMPLE, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "A,B\n1,2\n"


def test_a_service_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed, match="SCR_MODELOPS_URL"):
        Client("http://127.0.0.1:9").score_csv("any", SAMPLE, tmp_path / "out.csv")


def test_what_the_service_tells_goes_before_what_was_sent() -> None:
    progress = Progress("id", total=1000, sent=1000)
    assert (progress.share, progress.left) == (1, None)
    progress.scored = 0.25
    progress.started -= 10
    assert (progress.share, progress.amount) == (0.25, 250)
    assert progress.left == pytest.approx(30, abs=1)


def test_the_time_left_goes_by_the_speed_since_the_model_started() -> None:
    progress = Progress("id", total=1000, sent=1000)
    for seconds in range(41):  # asleep for 20 s, then 1 % a second
        progress.started = time.monotonic() - seconds
        progress.mark(max(0, seconds - 20) / 100)
        if seconds > 30:
            assert progress.left == pytest.approx(120 - seconds, rel=0.05)


def test_a_progress_is_shown_every_second_also_while_nothing_comes(
    client: Client, service: Service, tmp_path: Path
) -> None:
    times: list[float] = []
    client.score_csv(
        "py-slow", SAMPLE, tmp_path / "out.csv", progress=lambda _: times.append(time.monotonic())
    )
    assert max(b - a for a, b in zip(times, times[1:])) < 1
