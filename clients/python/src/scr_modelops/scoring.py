"""Scoring: files to files, rows to rows, DataFrames to DataFrames; both ways streamed.

Nothing here holds a whole file: blocks go out as they are read and come back as they arrive.
"""

from __future__ import annotations

import gzip
import json
import os
import secrets
import shutil
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import (
    IO, Any, BinaryIO, Dict, Iterable, Iterator, Mapping, Optional, Tuple, Union, cast,
)

from . import frames
from .errors import InputError, ScrModelOpsError
from .following import Follower, scoring_of, stop, tell
from .progress import Progress, Show, shown
from .records import ERROR_COLUMN, Signature
from .rows import json_line
from .transport import BLOCK_BYTES, Answer, Transport, new_request_id, segment

Source = Union[str, "os.PathLike[str]", BinaryIO]
Target = Union[str, "os.PathLike[str]", BinaryIO]
Row = Mapping[str, Any]

_ERRORS = ("raise", "report", "skip")
_OPTIONS = {
    "columns", "concurrency", "decimal", "delimiter", "encoding", "missing", "quote", "revision",
    "revision_column", "route", "step", "tag", "thousands", "timeout",
}


@dataclass(frozen=True)
class Scored:
    """What became of a scoring. `rows` and `failed` are None where the answer was so long in coming
    that its head had to go before they were known, and its address did not tell them afterwards;
    then `_error` alone tells of failed rows.
    `revisions` counts rows by revision."""

    id: str
    rows: Optional[int]
    failed: Optional[int]
    revisions: Mapping[str, int]
    seconds: float

    def __str__(self) -> str:
        if self.rows is None:
            return f"scored in {self.seconds:.1f} s; the column {ERROR_COLUMN} tells of failed rows"
        failed = f", {self.failed} failed: see the column {ERROR_COLUMN}" if self.failed else ""
        return f"{self.rows} rows scored in {self.seconds:.1f} s{failed}"


class Scoring:
    """Calls of `/models/{name}/score`, `/compare` and `/signature`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def signature(
        self, name: str, *, revision: Optional[str] = None, tag: Optional[str] = None
    ) -> Signature:
        query = {"revision": revision, "tag": tag}
        # The model may have to wake.
        answer = self._transport.call(
            "GET", f"/models/{segment(name)}/signature", query, wait=600
        )
        return Signature.of(answer.json())

    def file(
        self, name: str, source: Source, target: Target, errors: str, progress: Show,
        options: Mapping[str, Any],
    ) -> Scored:
        """See Client.score_csv."""
        query = {**score_query(options), "onError": on_error(errors)}
        with _opened(source) as (file, size, headers):
            seen = Progress(new_request_id(), size)
            with shown(seen, progress, name), self.answered(
                name, seen, _blocks(file, size), query, {"content-type": "text/csv", **headers},
                size,
            ) as answer:
                with written(target) as out:
                    for block in seen.receiving(answer.blocks()):
                        out.write(block)
        return scored_of(seen)

    def rows(
        self, name: str, rows: Iterable[Row], query: Mapping[str, Any]
    ) -> Iterator[Dict[str, Any]]:
        """Rows as dicts, sent and read as NDJSON; None is a missing value."""
        seen = Progress(new_request_id(), unit="rows")
        body = _gathered(json_line(row) for row in rows)
        headers = {"content-type": "application/x-ndjson"}
        with self.answered(name, seen, body, query, headers) as answer:
            for line in answer.lines():
                yield json.loads(line)

    @contextmanager
    def answered(
        self, name: str, progress: Progress, body: Iterable[bytes], query: Mapping[str, Any],
        headers: Mapping[str, str], length: Optional[int] = None,
    ) -> Iterator[Answer]:
        """The answer to a score call; its id is the progress's."""
        blocks = progress.sending(body) if progress.unit == "B" else body
        follower = Follower(self._transport, progress)
        with follower.running(), self._transport.open(
            "POST", f"/models/{segment(name)}/score", query=query, body=blocks, length=length,
            headers={"x-request-id": progress.id, **headers},
            left=lambda: stop(self._transport, progress.id),
        ) as answer:
            if "scoring-rows" in answer.headers:
                follower.end()
                _tell_counts(progress, answer)
                yield answer
                return
            yield answer
            follower.end()
            self._tell_end(progress)

    def _tell_end(self, progress: Progress) -> None:
        """The counts of an answer whose head went before they were known; None where they can't be
        had."""
        progress.rows = progress.failed = None
        try:
            told = scoring_of(self._transport, progress.id)
        except ScrModelOpsError:
            return
        if told["state"] == "finished":
            tell(progress, told)

    def compare(
        self, name: str, data: Any, query: Mapping[str, Any], options: Mapping[str, Any]
    ) -> Any:
        """The comparison's JSON; `data` is a path, a file, a frame, or rows."""
        path = f"/models/{segment(name)}/compare"
        asked = {**query, **score_query(options), "format": "json"}
        with _body_of(data) as (body, length, headers):
            with self._transport.open(
                "POST", path, query=asked, body=body, length=length, headers=headers
            ) as answer:
                return answer.json()


def scored_of(seen: Progress) -> Scored:
    return Scored(seen.id, seen.rows, seen.failed, seen.revisions, seen.seconds)


def _tell_counts(progress: Progress, answer: Answer) -> None:
    """Those of an answer that was held until they were known."""
    progress.rows = int(answer.headers["scoring-rows"])
    progress.failed = int(answer.headers["scoring-failed"])
    counts = [pair.split("=") for pair in answer.headers.get("scoring-revisions", "").split(", ")]
    progress.revisions = {pair[0]: int(pair[1]) for pair in counts if len(pair) == 2}
    if progress.scored is not None:
        progress.scored = 1.0


def on_error(errors: str) -> str:
    """The service's word for it. Raises InputError."""
    if errors not in _ERRORS:
        raise InputError(f"errors={errors!r} is not known", f"give one of {', '.join(_ERRORS)}")
    return "fail" if errors == "raise" else errors


def score_query(options: Mapping[str, Any]) -> Dict[str, Any]:
    """Options in Python's spelling as the service's. Raises InputError for one that is none."""
    unknown = sorted(set(options) - _OPTIONS)
    if unknown:
        known = ", ".join(sorted(_OPTIONS))
        raise InputError(f"no option of scoring: {', '.join(unknown)}", f"known are {known}")
    query = dict(options)
    if "revision_column" in query:
        query["revisionColumn"] = query.pop("revision_column")
    for name in ("columns", "missing"):
        if name in query and not isinstance(query[name], (str, type(None))):
            query[name] = ",".join(query[name])
    return query


@contextmanager
def _opened(source: Source) -> Iterator[Tuple[BinaryIO, Optional[int], Dict[str, str]]]:
    """A file, its size where it has one, and the headers that say what it is."""
    if not isinstance(source, (str, os.PathLike)):
        yield source, None, {}
        return
    headers = {"content-encoding": "gzip"} if os.fspath(source).endswith(".gz") else {}
    try:
        file = open(source, "rb")
    except OSError as error:
        raise InputError(f"{os.fspath(source)} can't be read: {error.strerror}") from error
    with file:
        found = os.fstat(file.fileno())
        yield file, found.st_size if stat.S_ISREG(found.st_mode) else None, headers


def _blocks(file: BinaryIO, size: Optional[int]) -> Iterator[bytes]:
    """The file's bytes; exactly `size`, where that was promised."""
    # One call of the system at a time: `read` goes on to fill its block and hears no Ctrl-C between.
    read = getattr(file, "read1", file.read)
    left = size
    while left is None or left > 0:
        block = read(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
        if not block:
            break
        if left is not None:
            left -= len(block)
        yield block
    if left:
        raise InputError(
            f"the file lost {left} bytes while it was read", "score it when nobody writes to it"
        )


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Small pieces as blocks."""
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


@contextmanager
def written(target: Target) -> Iterator[IO[bytes]]:
    """A file that gets its name when all of it is written, so that what is there under that name is
    whole; on any failure, also Ctrl-C, what was written is removed. Packed if it is called .gz.
    What is no regular file (a pipe, /dev/stdout) or open already is written to as it is."""
    if not isinstance(target, (str, os.PathLike)):
        yield target
        return
    path = Path(os.path.realpath(target))
    if path.exists() and not path.is_file():
        with _open_target(path, "wb") as out:
            yield out
        return
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with _open_target(partial, "xb") as raw:
            packed = path.suffix == ".gz"
            out = cast(IO[bytes], gzip.GzipFile(path.stem, "wb", 6, raw)) if packed else raw
            with out:
                yield out
            if packed:
                raw.flush()
        if path.exists():
            shutil.copymode(path, partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _open_target(path: Path, mode: str) -> IO[bytes]:
    try:
        return cast(IO[bytes], open(path, mode))
    except OSError as error:
        raise InputError(
            f"{path} can't be written: {error.strerror}", "name a file in a folder that is there"
        ) from error


@contextmanager
def _body_of(data: Any) -> Iterator[Tuple[Iterable[bytes], Optional[int], Dict[str, str]]]:
    if isinstance(data, (str, os.PathLike)) or hasattr(data, "read"):
        with _opened(data) as (file, size, headers):
            yield _blocks(file, size), size, {"content-type": "text/csv", **headers}
    elif frames.is_frame(data):
        yield frames.csv_blocks(frames.frame_of(data)), None, {"content-type": "text/csv"}
    else:
        rows: Iterable[Row] = [data] if isinstance(data, Mapping) else data
        kind = {"content-type": "application/x-ndjson"}
        yield _gathered(json_line(row) for row in rows), None, kind
