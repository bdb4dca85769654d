"""What is said while one waits: timed lines, as kn prints them."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Optional, Union

from .errors import ScrModelOpsError

Wait = Union[bool, float]
Tell = Callable[[str], None]

WAIT_SECONDS = 300
MAX_WAIT_SECONDS = 600
POLL_SECONDS = 0.5


def wait_seconds(wait: Wait) -> int:
    """True: 300 s. Raises ValueError outside of 0 to 600."""
    seconds = WAIT_SECONDS if wait is True else int(wait)
    if not 0 <= seconds <= MAX_WAIT_SECONDS:
        raise ValueError(f"wait={wait}: from 0 to {MAX_WAIT_SECONDS} seconds, True or False")
    return seconds


class told:
    """While the block runs, `tell` gets a line with the seconds since, whenever what `look` gives
    has changed. A look that fails is no line: the call itself tells what is wrong."""

    def __init__(self, look: Callable[[], str], tell: Optional[Tell]) -> None:
        self._look = look
        self._tell = tell
        self._started = time.monotonic()
        self._said = ""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scr-modelops waiting", daemon=True)

    def __enter__(self) -> "told":
        if self._tell is not None:
            self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        if self._tell is not None:
            self._thread.join()

    def say(self, text: str) -> None:
        if self._tell is not None and text != self._said:
            self._said = text
            self._tell(f"{time.monotonic() - self._started:8.3f}s  {text}")

    def _run(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            try:
                seen = self._look()
            except (ScrModelOpsError, KeyError):
                continue
            if not self._over.is_set():
                self.say(seen)
