"""`client.models`: deploy, look, A/B, delete.

Every method raises ServiceError (NotFound, Conflict, Invalid, NotAllowed, Unavailable) when the
service says no, and ConnectionFailed when it can't be reached. Methods that change something take
`wait`: False (come back at once), True (300 s) or seconds up to 600, and raise NotReady when what
was asked for does not serve by then; and `tell`, a function that gets a timed line whenever the
model's state changes while one waits, e.g. `tell=print`.
"""

from __future__ import annotations

import warnings
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union, overload
from typing import Literal

from .errors import InputError, NotFound, NotReady
from .records import (
    Comparison, Event, Listing, Model, Pod, Revision, Signature, Traffic, TrafficRow,
)
from .scoring import Scoring
from .transport import Answer, Transport, segment
from .waiting import Tell, Wait, told, wait_seconds

Table = Union[Mapping[str, int], Sequence[Mapping[str, Any]]]
_SCALING = {
    "min_scale", "max_scale", "initial_scale", "metric", "target", "window", "retention",
    "burst_capacity",
}


# A cluster's remark on every ksvc, whatever was asked for: in `model.warnings`, but no warning.
_REMARK = "Kubernetes default value is insecure"


class ServiceWarning(UserWarning):
    """What a call has done beside what was asked for, in the service's words."""


class Models:
    """The models of a service."""

    def __init__(self, transport: Transport, scoring: Scoring) -> None:
        self._transport = transport
        self._scoring = scoring

    def list(
        self, ready: Optional[bool] = None, label_selector: Optional[str] = None
    ) -> Listing[Model]:
        """All models by name, or those that are (not) `ready` or have labels, e.g. "team=risk"."""
        items: List[Model] = []
        page: Optional[str] = None
        while True:
            query = {"ready": ready, "labelSelector": label_selector, "continue": page}
            answer = self._transport.call("GET", "/models", query).json()
            items += [Model.of(one) for one in answer["items"]]
            page = answer.get("continue")
            if page is None:
                return Listing(items, "no models")

    def get(self, name: str) -> Model:
        """One model with its state, and why it is so."""
        return Model.of(self._transport.call("GET", _path(name)).json())

    def deploy(
        self, name: str, image: str, *, wait: Wait = False, redeploy: bool = False,
        tell: Optional[Tell] = None, **fields: Any,
    ) -> Model:
        """Creates a model, or makes the one of this name what is said here: fields that are left
        out go to their defaults. Repeating it changes nothing.

        `fields` as in the API's documentation, in Python's spelling: `description`, `labels`,
        `app_path`, `port`, `env` ({"NAME": "value"}), `resources`, `container_concurrency`,
        `timeout_seconds`, `image_pull_secrets`, `rollout_seconds`, `retry_safe`; those of scaling
        stand alone: `min_scale`, `max_scale`, `target`, `window` ("60s"), … `redeploy`: a new
        revision of the same image reference, e.g. a tag that was published again.
        """
        body = {"image": image, **body_of(fields)}
        query = {"redeploy": redeploy or None}
        return self._write(name, "PUT", _path(name), query, body, wait, tell)

    def update(
        self, name: str, *, wait: Wait = False, redeploy: bool = False,
        tell: Optional[Tell] = None, **fields: Any,
    ) -> Model:
        """Changes the fields that are named, as for `deploy` and `image`, and keeps the others.
        None puts a field back to its default."""
        query = {"redeploy": redeploy or None}
        return self._write(name, "PATCH", _path(name), query, body_of(fields), wait, tell)

    def delete(self, name: str, *, wait: Wait = False, tell: Optional[Tell] = None) -> None:
        """Deletes a model with its revisions. With `wait` its name is free again afterwards."""
        with self._told(name, tell, "is being deleted") as waiting:
            answer = self._changed(name, "DELETE", _path(name), {}, None, wait)
            waiting.say("gone" if answer.status == 204 and wait else "accepted")

    @overload
    def logs(
        self, name: str, *, follow: Literal[False] = False, tail: Optional[int] = None,
        revision: Optional[str] = None, pod: Optional[str] = None, previous: bool = False,
    ) -> str: ...

    @overload
    def logs(
        self, name: str, *, follow: Literal[True], tail: Optional[int] = None,
        revision: Optional[str] = None, pod: Optional[str] = None, previous: bool = False,
    ) -> Iterator[str]: ...

    def logs(
        self, name: str, *, follow: bool = False, tail: Optional[int] = None,
        revision: Optional[str] = None, pod: Optional[str] = None, previous: bool = False,
    ) -> Union[str, Iterator[str]]:
        """What the model's containers printed, as text; with `follow` an iterator of lines that
        goes on as they print, up to an hour. `previous`: of the container before a restart."""
        query = {
            "tail": tail, "revision": revision, "pod": pod, "previous": previous or None,
            "follow": follow or None,
        }
        path = f"{_path(name)}/logs"
        if follow:
            return self._followed(path, query)
        return self._transport.call("GET", path, query).text()

    def _followed(self, path: str, query: Mapping[str, Any]) -> Iterator[str]:
        with self._transport.open("GET", path, query=query) as answer:
            yield from answer.lines()

    def events(self, name: str) -> Listing[Event]:
        """What the cluster remarked about a model, the most recent first; for about an hour."""
        answer = self._transport.call("GET", f"{_path(name)}/events").json()
        return Listing([Event.of(one) for one in answer["items"]], "no events")

    def pods(self, name: str) -> Listing[Pod]:
        """What runs of a model; nothing while it sleeps."""
        answer = self._transport.call("GET", f"{_path(name)}/pods").json()
        pods = [Pod.of(one) for one in answer["items"]]
        return Listing(pods, "no pods", answer["explanation"]["summary"])

    def revisions(self, name: str) -> Listing[Revision]:
        """All revisions of a model, the newest first."""
        answer = self._transport.call("GET", f"{_path(name)}/revisions").json()
        return Listing([Revision.of(one) for one in answer["items"]], "no revisions")

    def signature(
        self, name: str, *, revision: Optional[str] = None, tag: Optional[str] = None
    ) -> Signature:
        """What a model takes and gives; wakes a model that sleeps."""
        return self._scoring.signature(name, revision=revision, tag=tag)

    def challenger(
        self, name: str, image: Optional[str] = None, *, tag: str = "challenger", percent: int = 0,
        wait: Wait = False, redeploy: bool = False, tell: Optional[Tell] = None, **fields: Any,
    ) -> Revision:
        """Deploys another version beside what serves, with `percent` of the traffic once it is
        ready. `fields` as for `deploy`; what is left out it has from the model."""
        body = {"tag": tag, "percent": percent, **body_of(fields)}
        if image is not None:
            body["image"] = image
        query = {"redeploy": redeploy or None}
        with self._told(name, tell) as waiting:
            path = f"{_path(name)}/revisions"
            answer = self._changed(name, "POST", path, query, body, wait)
            revision = Revision.of(answer.json())
            waiting.say(f"{revision.name}: {revision.summary}")
        return revision

    def delete_revision(self, name: str, revision: str, *, forget: bool = False) -> None:
        """Deletes a revision that nothing uses. `forget`: also one that rollback needs."""
        path = f"{_path(name)}/revisions/{segment(revision)}"
        self._transport.call("DELETE", path, {"forget": forget or None})

    def traffic(
        self, name: str, table: Optional[Table] = None, *, wait: Wait = False,
        tell: Optional[Tell] = None,
    ) -> Traffic:
        """The traffic table; with `table` sets it, as a whole.

        `table` as {"champion": 80, "challenger": 20}: percents, total 100, by tag or revision
        ("latest": the newest that is ready); tags that it leaves out stay, at 0 %. Or rows as the
        API has them, exactly: [{"revision": "…", "percent": 100, "tag": "champion"}].
        """
        path = f"{_path(name)}/traffic"
        if table is None:
            return Traffic.of(self._transport.call("GET", path).json())
        headers: Dict[str, str] = {}
        rows: Sequence[Mapping[str, Any]]
        if isinstance(table, Mapping):
            now = self._transport.call("GET", path)
            headers = {"if-match": now.headers["etag"]}
            rows = table_rows(table, Traffic.of(now.json()))
        else:
            rows = table
        return self._shift(name, "PUT", path, rows, wait, tell, headers)

    def promote(
        self, name: str, to: str = "challenger", *, wait: Wait = False, tell: Optional[Tell] = None
    ) -> Traffic:
        """Gives one revision all the traffic: `to` is a tag, else a revision's name."""
        tags = {row.tag for row in self.traffic(name).desired}
        body = {"tag" if to in tags else "revision": to}
        return self._shift(name, "POST", f"{_path(name)}/promote", body, wait, tell)

    def rollback(
        self, name: str, *, wait: Wait = False, tell: Optional[Tell] = None
    ) -> Traffic:
        """Back to the traffic table before, and again to the one before that."""
        return self._shift(name, "POST", f"{_path(name)}/rollback", None, wait, tell)

    def compare(
        self, name: str, data: Any, challenger: str = "challenger",
        champion: Optional[str] = None, *, worst: int = 10, **options: Any,
    ) -> Comparison:
        """Scores the same rows on two revisions and tells how they agree. `data`: a file's path, a
        DataFrame, or rows as dicts. `options` as for `client.score_csv`."""
        query = {"challenger": challenger, "champion": champion, "worst": worst}
        return Comparison.of(self._scoring.compare(name, data, query, options))

    def _write(
        self, name: str, method: str, path: str, query: Mapping[str, Any], body: Any, wait: Wait,
        tell: Optional[Tell],
    ) -> Model:
        with self._told(name, tell) as waiting:
            model = Model.of(self._changed(name, method, path, query, body, wait).json())
            waiting.say(model.summary)
        for warning in model.warnings:
            if not warning.startswith(_REMARK):
                warnings.warn(f"{name}: {warning}", ServiceWarning, stacklevel=3)
        return model

    def _shift(
        self, name: str, method: str, path: str, body: Any, wait: Wait, tell: Optional[Tell],
        headers: Optional[Mapping[str, str]] = None,
    ) -> Traffic:
        with self._told(name, tell) as waiting:
            answer = self._changed(name, method, path, {}, body, wait, headers)
            traffic = Traffic.of(answer.json())
            waiting.say(traffic.summary)
        return traffic

    def _changed(
        self, name: str, method: str, path: str, query: Mapping[str, Any], body: Any, wait: Wait,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Answer:
        seconds = wait_seconds(wait)
        answer = self._transport.call(
            method, path, {**query, "wait": seconds or None}, body, headers, wait=seconds
        )
        if seconds and answer.status == 202:
            told_so = answer.json()
            explanation = told_so.get("status", told_so).get("explanation", {})
            summary = explanation.get("summary", "still on its way")
            raise NotReady(
                f"{name} is not there yet after {seconds} s: {summary}",
                explanation.get("remedy") or "wait longer, or look at its events",
            )
        return answer

    def _told(self, name: str, tell: Optional[Tell], gone: str = "is being created") -> told:
        def look() -> str:
            try:
                return self.get(name).summary
            except NotFound:
                return gone

        return told(look, tell)


def _path(name: str) -> str:
    if not name:
        raise InputError("the model's name is empty", "give its name, e.g. sr-hmeq")
    return f"/models/{segment(name)}"


def body_of(fields: Mapping[str, Any]) -> Dict[str, Any]:
    """Fields in Python's spelling as the API's: `min_scale` becomes `scaling.minScale`."""
    body: Dict[str, Any] = {}
    scaling: Dict[str, Any] = {}
    for name, value in fields.items():
        if name in _SCALING:
            scaling[_camel(name)] = value
        elif name == "scaling" and isinstance(value, Mapping):
            scaling = {**{_camel(key): item for key, item in value.items()}, **scaling}
        elif name == "env" and isinstance(value, Mapping):
            body["env"] = [{"name": key, "value": item} for key, item in value.items()]
        else:
            body[_camel(name)] = value
    if scaling:
        body["scaling"] = scaling
    return body


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def table_rows(table: Mapping[str, int], now: Traffic) -> List[Dict[str, Any]]:
    """Percents by tag or revision as the rows of a table; tags stay with their revisions."""
    by_tag = {row.tag: row for row in now.desired if row.tag}
    rows: List[Dict[str, Any]] = []
    named = set()
    for name, percent in table.items():
        row = by_tag.get(name) or _row_of(name, now)
        named.add(row.tag)
        target: Dict[str, Any] = (
            {"latest": True} if row.latest else {"revision": row.revision}
        )
        rows.append({**target, "percent": percent, **({"tag": row.tag} if row.tag else {})})
    kept = [row for tag, row in by_tag.items() if tag not in named]
    return rows + [{**row.data, "percent": 0} for row in kept]


def _row_of(name: str, now: Traffic) -> TrafficRow:
    """The row of a revision that is named itself, with the tag that it has."""
    if name == "latest":
        return TrafficRow({}, "", 0, "", True)
    found = [row for row in now.desired if row.revision == name and not row.latest]
    return found[0] if found else TrafficRow({}, name, 0, "", False)
