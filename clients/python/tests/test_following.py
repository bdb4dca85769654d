from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest

from scr_modelops import Client

from .conftest import LOGREG, SAMPLE


def test_the_progress_is_that_of_the_rows_that_the_service_has_scored(
    client: Client, tmp_path: Path
) -> None:
    client.models.deploy("py-slow-2", f"{LOGREG}-slow", wait=True)
    seen: List[Tuple[float, int]] = []

    def look(progress: Any) -> None:
        if progress.state != "done" and progress.scored is not None:
            seen.append((progress.scored, progress.rows))

    header, *rows = SAMPLE.read_bytes().splitlines(keepends=True)
    big = tmp_path / "big.csv"
    big.write_bytes(header + b"".join(rows) * 2)
    scored = client.score_csv(
        "py-slow-2", big, tmp_path / "out.csv", progress=look, concurrency=16
    )
    assert scored.rows == 400
    assert seen == sorted(seen)
    between = [(share, rows) for share, rows in seen if 0 < share < 1]
    assert len(set(between)) > 1, seen
    assert all(share == pytest.approx(rows / 400, abs=0.02) for share, rows in between)


TOLD = {
    "state": "finished", "rowsScored": 3, "rowsFailed": 1, "revisions": {"m-00001": 3}, "share": 1
}


@contextmanager
def service_that(told: Dict[str, Any], status: int = 200) -> Iterator[Tuple[Client, List[str]]]:
    """Answers a scoring without counts in its head, and this at its address; notes the calls."""
    calls: List[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, body: bytes) -> None:
            calls.append(f"{self.command} {self.path.split('?')[0]} {self.headers['x-request-id']}")
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            self.rfile.read(length)
            self._answer(200, b"A,_error\n1,\n")

        def do_GET(self) -> None:
            self._answer(status, json.dumps(told).encode())

        do_DELETE = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Client(f"http://127.0.0.1:{server.server_address[1]}"), calls
        server.shutdown()
        thread.join()


def test_counts_that_came_too_late_for_the_head_are_at_the_scorings_address(
    tmp_path: Path
) -> None:
    with service_that(TOLD) as (client, _):
        scored = client.score_csv("m", SAMPLE, tmp_path / "out.csv")
    assert (scored.rows, scored.failed, scored.revisions) == (4, 1, {"m-00001": 3})


def test_a_service_without_such_an_address_leaves_them_unknown(tmp_path: Path) -> None:
    with service_that({"type": "/problems/route-not-found", "detail": "no"}, 404) as (client, _):
        scored = client.score_csv("m", SAMPLE, tmp_path / "out.csv", progress=lambda _: None)
    assert (scored.rows, scored.failed) == (None, None)


def test_what_fails_here_stops_the_scoring_on_the_service() -> None:
    class Full:
        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

    with service_that(TOLD) as (client, calls), pytest.raises(OSError, match="No space left"):
        client.score_csv("m", SAMPLE, Full())  # type: ignore[arg-type]
    scoring = calls[0].rsplit(" ", 1)[1]
    assert calls[1].startswith(f"DELETE /scorings/{scoring} ")
