"""The real service on the project's simulator of a cluster, started once for all tests."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Iterator

import pytest

from scr_modelops import Client

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "examples" / "hmeq-sample.csv"
LOGREG = "registry.demo/sr_hmeq_logreg:1.0"
NEWER = "registry.demo/sr_hmeq_logreg:2.0"
GRADE = "registry.demo/credit_grade:1.0"
START_SECONDS = 300  # npm's install and the compiler, on a fresh clone


class Service:
    """Where it listens, and what it has logged."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def logged(self, request_id: str, seconds: float) -> str:
        """The lines of a request that has ended, as soon as there is one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            lines = [line for line in self._log.read_text().splitlines() if request_id in line]
            if lines:
                return "\n".join(lines)
            time.sleep(0.02)
        raise AssertionError(f"nothing logged of {request_id} within {seconds} s")


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    if shutil.which("node") is None:
        pytest.fail("the tests need Node: they run the service itself")
    folder = tmp_path_factory.mktemp("service")
    kubeconfig, log = str(folder / "kubeconfig"), folder / "service.log"
    env = {**os.environ, "NODE_OPTIONS": ""}
    with (folder / "simulator.log").open("w") as said, log.open("w") as logged, ExitStack() as last:
        # Compiles what is not there, and prints one line of JSON when it is ready.
        simulator = last.enter_context(subprocess.Popen(
            ["node", "scripts/run.mjs", "simulator", "--kubeconfig", kubeconfig],
            cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=said,
        ))
        last.callback(simulator.terminate)
        assert simulator.stdout is not None
        line = simulator.stdout.readline()
        assert line, (folder / "simulator.log").read_text()
        port = free_port()
        program = last.enter_context(subprocess.Popen(
            ["node", "dist/src/main.js"], cwd=ROOT, stdout=logged, stderr=subprocess.STDOUT,
            env={
                **env, "PORT": str(port), "HOST": "127.0.0.1", "DATA_PATH": "revision",
                "KUBECONFIG": kubeconfig, "AUTH_MODE": "none",
                "SCORING_GATEWAY_URL": json.loads(line)["gatewayUrl"],
                "IMAGE_ALLOW_LIST": "registry.demo/*", "SPOOL_DIR": str(folder / "spool"),
                "DRAIN_SECONDS": "0", "LOG_LEVEL": "info",
            },
        ))
        last.callback(program.terminate)
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url, program, log)
        yield Service(url, log)


def wait_until_ready(url: str, program: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while program.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the service did not become ready:\n{log.read_text()}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def client(service: Service) -> Client:
    return Client(service.url)


@pytest.fixture(scope="session")
def hmeq(client: Client) -> str:
    """A model that scores home-equity loans."""
    client.models.deploy("py-hmeq", LOGREG, wait=True)
    return "py-hmeq"


@pytest.fixture(scope="session")
def grade(client: Client) -> str:
    """A model with text variables: REGION and ACCOUNT."""
    client.models.deploy("py-grade", GRADE, wait=True)
    return "py-grade"
