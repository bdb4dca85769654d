"""How far a scoring is, and who shows it.

A scoring feeds its `Progress` with what this side sees: what was sent and what came back. The
service may take a file much faster than it scores it, so that is not how much is scored. The
service itself tells that at the scoring's address: while somebody looks, `scored`, `rows` and
`failed` are set from there (following.py), and all that is shown goes by it.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Iterator, List, Mapping, Optional, TextIO, Tuple, Union

BLOCK_BYTES = 64 * 1024
TICK_SECONDS = 0.25
MARKS_MAX = 1_000


@dataclass
class Progress:
    """`id` is the scoring's, as in the service's log (x-request-id). `sent` and `total` count in
    `unit` ("B" or "rows"); `total` is None when nobody knows it. `scored` is the share that is
    scored, 0 to 1, None as long as nobody tells it. `received` counts bytes; `rows` and `failed`
    are None until they are known; `revisions` has rows by revision. `state` is sending, waiting,
    receiving or done. `watched`: somebody looks."""

    id: str
    total: Optional[int] = None
    unit: str = "B"
    sent: int = 0
    received: int = 0
    scored: Optional[float] = None
    rows: Optional[int] = None
    failed: Optional[int] = None
    revisions: Mapping[str, int] = field(default_factory=dict)
    state: str = "sending"
    watched: bool = False
    started: float = field(default_factory=time.monotonic)
    _marks: List[Tuple[float, float]] = field(default_factory=list, repr=False)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def share(self) -> Optional[float]:
        """0 to 1: of what is scored, or else of what was sent; None when nobody knows."""
        if self.scored is not None:
            return self.scored
        return self.sent / self.total if self.total else None

    @property
    def amount(self) -> int:
        """The share in `unit`."""
        return self.sent if self.scored is None else round(self.scored * (self.total or 0))

    def mark(self, share: Optional[float]) -> None:
        """Notes the share that is scored by now."""
        self.scored = share
        if share is not None:
            self._marks.append((self.seconds, share))
        if len(self._marks) > MARKS_MAX:
            del self._marks[1::2]

    @property
    def left(self) -> Optional[float]:
        """Seconds until the end, at the speed of the last half of the time, without the time before
        the first row: the model started then. None when nobody knows."""
        seconds, share = self.seconds, self.share
        if not share or share >= 1:
            return None
        before = [(at, had) for at, had in self._marks[:-1] if at <= seconds / 2 or had == 0]
        then, scored = before[-1] if before else (0.0, 0.0)
        return (1 - share) * (seconds - then) / (share - scored) if share > scored else None

    def sending(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Counts bytes as they go out."""
        for block in blocks:
            yield block
            self.sent += len(block)
        self.state = "waiting"

    def receiving(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Counts bytes as they come in."""
        for block in blocks:
            self.state = "receiving"
            self.received += len(block)
            yield block


Show = Union[bool, None, Callable[[Progress], None]]


class shown:
    """Shows a progress while the block runs, four times a second, in a thread of its own: also
    while nothing moves it is seen that it goes on.

    `show` None: a bar where somebody looks (a terminal, a notebook) and tqdm is installed; True: a
    bar, or without tqdm a line; False: nothing; a function: is called with the progress.
    """

    def __init__(self, progress: Progress, show: Show, label: str) -> None:
        self._progress = progress
        self._view = _view_of(show, label, progress)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scr-modelops progress", daemon=True)

    def __enter__(self) -> Progress:
        if self._view is not None:
            self._progress.watched = True
            self._thread.start()
        return self._progress

    def __exit__(self, kind: Any, *_: Any) -> None:
        if self._view is None:
            return
        self._over.set()
        self._thread.join()
        if kind is None:
            self._progress.state = "done"
        self._view(self._progress)
        close = getattr(self._view, "close", None)
        if close is not None:
            close()

    def _run(self) -> None:
        assert self._view is not None
        while not self._over.wait(TICK_SECONDS):
            self._view(self._progress)


def _view_of(show: Show, label: str, progress: Progress) -> Optional[Callable[[Progress], None]]:
    if show is False:
        return None
    if callable(show):
        return show
    has_tqdm = importlib.util.find_spec("tqdm") is not None
    if show is None and not (has_tqdm and (sys.stderr.isatty() or _in_notebook())):
        return None
    return _Bar(label, progress) if has_tqdm else _Line(label, sys.stderr)


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"


class _Bar:
    """A bar of tqdm. In a notebook without ipywidgets it is one of text."""

    def __init__(self, label: str, progress: Progress) -> None:
        from tqdm import tqdm
        kind: Any = tqdm
        if _in_notebook() and importlib.util.find_spec("ipywidgets") is not None:
            from tqdm.notebook import tqdm as notebook_bar
            kind = notebook_bar
        is_bytes = progress.unit == "B"
        self._bar = kind(
            total=progress.total, desc=label, unit=progress.unit if is_bytes else " rows",
            unit_scale=is_bytes, unit_divisor=1024, mininterval=0, smoothing=0.1,
            # without tqdm's own guess of the time that is left
            bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
            if progress.total else None,
        )

    def __call__(self, progress: Progress) -> None:
        left = progress.left if progress.total else None
        said = "" if left is None else f"{self._bar.format_interval(left)} left, "
        self._bar.n = progress.amount
        self._bar.set_postfix_str(said + _state(progress), refresh=False)
        self._bar.refresh()

    def close(self) -> None:
        self._bar.close()


class _Line:
    """One line, written over in a terminal, otherwise a new one every 30 s."""

    def __init__(self, label: str, out: TextIO) -> None:
        self._label = label
        self._out = out
        self._said = 0.0

    def __call__(self, progress: Progress) -> None:
        text = f"{self._label}: {_share(progress)} {progress.seconds:.0f} s {_state(progress)}"
        if self._out.isatty():
            self._out.write(f"\r\x1b[K{text}")
        elif progress.state == "done" or progress.seconds - self._said >= 30:
            self._said = progress.seconds
            self._out.write(f"{text}\n")
        self._out.flush()

    def close(self) -> None:
        if self._out.isatty():
            self._out.write("\n")


def _share(progress: Progress) -> str:
    if progress.share is None:
        return f"{progress.amount} {progress.unit}"
    left = progress.left
    return f"{progress.share:.0%}" + (f", about {left:.0f} s left," if left is not None else ",")


def _state(progress: Progress) -> str:
    if progress.rows is None:
        is_silent = progress.state == "waiting" and progress.scored is None
        return "sent, is being scored" if is_silent else progress.state
    failed = f", {progress.failed} failed" if progress.failed else ""
    return f"{progress.rows} rows{failed}"
