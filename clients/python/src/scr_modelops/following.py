"""A scoring as the service tells it: how far it is, what became of it, and stopping it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Mapping, Optional

from .errors import ScrModelOpsError, ServiceError
from .progress import Progress
from .transport import Transport, segment

ASK_SECONDS = 0.5
ANSWER_SECONDS = 5.0
STOP_SECONDS = 1.0  # for the connection, and once more for the answer


class Follower:
    """Asks for a scoring twice a second, in a thread of its own, and tells its progress."""

    def __init__(self, transport: Transport, progress: Progress) -> None:
        self._transport = transport
        self._progress = progress
        self._over = threading.Event()
        self._telling = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="scr-modelops scoring", daemon=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Asks while the block runs, if somebody looks."""
        if self._progress.watched:
            self._thread.start()
        try:
            yield
        finally:
            self.end()

    def end(self) -> None:
        """Tells nothing any more."""
        with self._telling:
            self._over.set()

    def _run(self) -> None:
        while not self._over.wait(ASK_SECONDS):
            try:
                told = scoring_of(self._transport, self._progress.id)
            except ServiceError as error:
                if error.type.endswith(("/scoring-not-found", "/replica-unreachable")):
                    continue  # it has not come yet, or its replica is busy ending
                return  # an older service, or one that we may not ask
            except ScrModelOpsError:
                continue
            with self._telling:
                if not self._over.is_set():
                    tell(self._progress, told)


def scoring_of(transport: Transport, scoring: str) -> Mapping[str, Any]:
    """The scoring as it is now. Raises ServiceError, ConnectionFailed."""
    answer = transport.call("GET", _path(scoring), limit=ANSWER_SECONDS)
    told: Dict[str, Any] = answer.json()
    return told


def stop(transport: Transport, scoring: str) -> None:
    """Ends it on the service, as well as that can be done within two seconds: the connection that
    closes after it does the same, unless something between holds it."""
    try:
        transport.call("DELETE", _path(scoring), limit=STOP_SECONDS)
    except ScrModelOpsError:
        pass


def tell(progress: Progress, told: Mapping[str, Any]) -> None:
    """What the service tells, as a progress has it."""
    rows = told["rowsScored"] + told["rowsFailed"]
    share: Optional[float] = told.get("share")
    if progress.unit == "rows" and progress.total:
        share = min(1.0, rows / progress.total)
    progress.mark(share)
    progress.rows, progress.failed = rows, told["rowsFailed"]
    progress.revisions = told["revisions"]


def _path(scoring: str) -> str:
    return f"/scorings/{segment(scoring)}"
