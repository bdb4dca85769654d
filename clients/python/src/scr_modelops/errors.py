"""Everything that can go wrong, as exceptions that say what happened and what to do."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence


class ScrModelOpsError(Exception):
    """The root of all: `detail` says what happened, `remedy` what to do."""

    def __init__(self, detail: str, remedy: str = "") -> None:
        super().__init__(f"{detail}\nWhat to do: {remedy}" if remedy else detail)
        self.detail = detail
        self.remedy = remedy


class SettingsError(ScrModelOpsError):
    """The client does not know where the service is, or can't use what it was told."""


class InputError(ScrModelOpsError, ValueError):
    """What was given can't be sent: nothing of it was scored into an answer."""


class MissingExtra(ScrModelOpsError, ImportError):
    """A package is not installed that only this call needs."""


class ConnectionFailed(ScrModelOpsError, ConnectionError):
    """The service was not reached, or the connection ended before the answer's end."""


class AnswerCut(ConnectionFailed):
    """The answer ended too early, or in a way that can't be told from that."""


class NotReady(ScrModelOpsError, TimeoutError):
    """The wait was over before what was asked for served; the service goes on with it."""


class ServiceError(ScrModelOpsError):
    """The service said no, in an RFC 9457 problem document.

    `status` is the HTTP status, `type` the stable name (e.g. `/problems/model-not-found`), `title`
    its words, `fields` what is wrong with each field as `{"field", "detail", "remedy"?}`,
    `request_id` the id in the service's log, `retry_after` seconds to wait, where it says so.
    """

    def __init__(
        self, status: int, problem: Mapping[str, Any], retry_after: Optional[float] = None
    ) -> None:
        super().__init__(str(problem.get("detail", "")), str(problem.get("remedy", "")))
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.title = str(problem.get("title", ""))
        self.fields: Sequence[Mapping[str, str]] = problem.get("fields") or []
        self.request_id: Optional[str] = problem.get("requestId")
        self.retry_after = retry_after

    def __str__(self) -> str:
        fields = [f"  {field.get('field')}: {field.get('detail')}" for field in self.fields]
        head = f"{self.status} {self.detail}"
        lines = [head, *(fields if len(fields) > 1 else [])]
        return "\n".join([*lines, f"What to do: {self.remedy}"] if self.remedy else lines)


class NotAllowed(ServiceError):
    """401 or 403: no token, one that is not good, or no right to do this."""


class NotFound(ServiceError):
    """404: there is no such model, revision or pod."""


class Conflict(ServiceError):
    """409 or 412: it is in the way of something, or was changed meanwhile."""


class Invalid(ServiceError):
    """400, 413, 415 or 422: a rule is broken, or what was deployed has failed for good."""


class Unavailable(ServiceError):
    """429, 502, 503, 504 or 507: it may be well later; see `retry_after`."""


_BY_STATUS = {
    400: Invalid, 401: NotAllowed, 403: NotAllowed, 404: NotFound, 409: Conflict, 412: Conflict,
    413: Invalid, 415: Invalid, 422: Invalid, 429: Unavailable, 502: Unavailable,
    503: Unavailable, 504: Unavailable, 507: Unavailable,
}


def service_error(
    status: int, problem: Mapping[str, Any], retry_after: Optional[float] = None
) -> ServiceError:
    """The exception for a status."""
    return _BY_STATUS.get(status, ServiceError)(status, problem, retry_after)
