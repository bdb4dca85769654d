"""One HTTP call: a connection of its own, bodies streamed both ways, problems as exceptions.

The standard library alone. A body is written to its end before the answer is read: the service
scores while the upload arrives and begins no answer before its end.
"""

from __future__ import annotations

import http.client
import json
import socket
import uuid
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterable, Iterator, Mapping, Optional, Tuple
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

from .errors import AnswerCut, ConnectionFailed, ServiceError, service_error
from .settings import Settings

CONNECT_SECONDS = 20
BLOCK_BYTES = 64 * 1024
_PROBLEM_MAX_BYTES = 1024 * 1024

Query = Mapping[str, Any]


def segment(name: str) -> str:
    """A name as one segment of a path, whatever is in it."""
    return quote(name, safe="")


def new_request_id() -> str:
    """The id of a call: in the service's log, and of the scoring that it starts."""
    return str(uuid.uuid4())


class Answer:
    """An answer whose status is good; its body is yet to be read."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self.status = response.status
        self.headers: Mapping[str, str] = {
            name.lower(): value for name, value in response.getheaders()
        }

    def blocks(self) -> Iterator[bytes]:
        """The body's bytes, as they come. Raises AnswerCut unless it is whole at the end."""
        length = self.headers.get("content-length")
        if length is None and not self._response.chunked:
            raise AnswerCut(
                "the answer has no length, so that nobody can tell whether it is whole",
                "call the service without the proxy between, or let that speak HTTP/1.1",
            )
        expected = None if length is None else int(length)
        got = 0
        try:
            while expected is None or got < expected:
                block = self._response.read1(BLOCK_BYTES)
                if not block:
                    break
                got += len(block)
                yield block
        except (http.client.HTTPException, OSError, ValueError) as error:
            raise _cut(got, error) from error
        if expected is not None and got != expected:
            raise _cut(got, f"{expected} were promised")

    def lines(self) -> Iterator[str]:
        """The body's lines without their ends, each as soon as it is there."""
        rest = b""
        for block in self.blocks():
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace").rstrip("\r")
        if rest:
            yield rest.decode("utf-8", "replace")

    def text(self) -> str:
        return b"".join(self.blocks()).decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises ServiceError when it is none: something else answered."""
        body = self.text()
        try:
            return json.loads(body)
        except ValueError:
            raise service_error(self.status, _foreign(self.status, body)) from None


def _cut(got: int, why: object) -> AnswerCut:
    return AnswerCut(
        f"the answer was cut after {got} bytes: {why}", "try again; the service's log says why"
    )


class Transport:
    """Calls of one service."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def url(self) -> str:
        return self._settings.url

    def call(
        self,
        method: str,
        path: str,
        query: Optional[Query] = None,
        body: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        wait: float = 0,
        limit: Optional[float] = None,
    ) -> Answer:
        """A call with JSON or nothing as its body, answered by little. `wait`: seconds that the
        service may hold the answer; `limit`: seconds for the connection, and for each silence. The
        answer is read already."""
        given: Dict[str, str] = dict(headers or {})
        sent = None
        if body is not None:
            sent = json.dumps(body).encode()
            given.setdefault("content-type", "application/json")
        with self.open(
            method, path, query=query, body=None if sent is None else [sent],
            length=None if sent is None else len(sent), headers=given,
            connect=limit or CONNECT_SECONDS, idle=limit or 60 + wait,
        ) as answer:
            return _Read(answer)

    @contextmanager
    def open(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Query] = None,
        body: Optional[Iterable[bytes]] = None,
        length: Optional[int] = None,
        headers: Optional[Mapping[str, str]] = None,
        connect: float = CONNECT_SECONDS,
        idle: Optional[float] = None,
        left: Optional[Callable[[], None]] = None,
    ) -> Iterator[Answer]:
        """A call whose bodies are streamed. `length`: the body's, where it is known; `connect`:
        seconds until there is a connection; `idle`: seconds that the service may stay silent.
        Leaving it, also by Ctrl-C, closes the connection: the service stops what it does for this
        call. `left` is called before, when neither the service nor the connection is why.

        Raises ServiceError for a status from 300 on, ConnectionFailed when there is no answer.
        """
        connection = self._connection(connect)
        try:
            try:
                _connect(connection)
                self._send_head(connection, method, path, query, headers or {}, body, length)
                early = _send_body(connection, body, length)
                if connection.sock is not None:
                    connection.sock.settimeout(idle)
                response = connection.getresponse()
            except (OSError, http.client.HTTPException) as error:
                raise self._failed(method, path, error) from error
            if early is not None and response.status < 300:
                raise self._failed(method, path, early) from early
            answer = Answer(response)
            if response.status >= 300:
                raise _refusal(answer, response)
            yield answer
        except (ServiceError, ConnectionFailed):
            raise
        except BaseException:
            if left is not None:
                left()
            raise
        finally:
            connection.close()

    def _failed(self, method: str, path: str, error: Exception) -> ConnectionFailed:
        why = str(error) or type(error).__name__
        return ConnectionFailed(
            f"{method} {path}: {why}", f"is the service at {self.url}? Set SCR_MODELOPS_URL"
        )

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        """Not connected yet. HTTPS goes through a proxy by a tunnel, HTTP by the whole URL."""
        parts = urlsplit(self.url)
        there = (parts.hostname or "", parts.port)
        host, port = self._proxy() or there
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=seconds)
        connection = http.client.HTTPSConnection(
            host, port, timeout=seconds, context=self._settings.tls
        )
        if (host, port) != there:
            connection.set_tunnel(*there)
        return connection

    def _proxy(self) -> Optional[Tuple[str, Optional[int]]]:
        parts = urlsplit(self.url)
        proxy = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
        if not proxy:
            return None
        via = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        return via.hostname or "", via.port or 80

    def _send_head(
        self, connection: http.client.HTTPConnection, method: str, path: str,
        query: Optional[Query], headers: Mapping[str, str], body: Optional[Iterable[bytes]],
        length: Optional[int],
    ) -> None:
        parts = urlsplit(self.url)
        is_whole = parts.scheme == "http" and self._proxy() is not None
        target = (self.url if is_whole else parts.path) + path
        text = query_text(query or {})
        connection.putrequest(method, f"{target}?{text}" if text else target)
        token = self._settings.token()
        given = {"x-request-id": new_request_id(), **headers}
        if token is not None:
            given["authorization"] = f"Bearer {token}"
        if body is not None:
            given.update(
                {"transfer-encoding": "chunked"} if length is None
                else {"content-length": str(length)}
            )
        elif method in ("POST", "PUT", "PATCH"):
            given["content-length"] = "0"
        for name, value in given.items():
            connection.putheader(name, value)
        connection.endheaders()


class _Read(Answer):
    """An answer that is in memory, so that its connection may go."""

    def __init__(self, answer: Answer) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._body = b"" if answer.status == 204 else b"".join(answer.blocks())

    def blocks(self) -> Iterator[bytes]:
        yield self._body


def query_text(query: Query) -> str:
    """Options as they stand in a URL; those that are None are left out."""
    return urlencode({
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.items() if value is not None
    })


def _connect(connection: http.client.HTTPConnection) -> None:
    """Connected, and noticing within minutes when the other side's machine is gone: while a long
    file is scored nothing may come for long."""
    connection.connect()
    sock = connection.sock
    sock.settimeout(None)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6)):
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def _send_body(
    connection: http.client.HTTPConnection, body: Optional[Iterable[bytes]], length: Optional[int]
) -> Optional[OSError]:
    """Sends all of it. A service that refuses early may close before: its answer is there to be
    read all the same, so the error is handed back."""
    for block in body or ():
        try:
            if block:
                connection.send(block if length is not None else _chunk(block))
        except (BrokenPipeError, ConnectionResetError) as error:
            return error
    if body is not None and length is None:
        try:
            connection.send(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError) as error:
            return error
    return None


def _chunk(block: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(block), block)


def _refusal(answer: Answer, response: http.client.HTTPResponse) -> ServiceError:
    body = response.read(_PROBLEM_MAX_BYTES).decode("utf-8", "replace")
    after = answer.headers.get("retry-after", "")
    retry_after = float(after) if after.isdecimal() else None
    try:
        problem = json.loads(body)
    except ValueError:
        problem = None
    if not isinstance(problem, dict) or "detail" not in problem:
        problem = _foreign(answer.status, body, answer.headers.get("location"))
    return service_error(answer.status, problem, retry_after)


def _foreign(status: int, body: str, location: Optional[str] = None) -> Dict[str, str]:
    """The problem for an answer that is not the service's own, as of a proxy or a login page."""
    to = f" and leads to {location}" if location else ""
    text = " ".join(body.split())[:200]
    return {
        "title": "not the service's answer",
        "detail": f"something else than the service answered {status}{to}: {text}",
        "remedy": "check the address, and what stands between: a proxy, a login page",
    }
