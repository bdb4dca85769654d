"""What the service tells, as records: a model, a revision, a traffic table. Each keeps the whole
JSON as `data`, so that nothing the service says is lost; lists print as tables."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any, Dict, Generic, List, Mapping, Sequence, TypeVar

from .tables import text_table

# The column of an answer that says why a row was not scored.
ERROR_COLUMN = "_error"

Json = Mapping[str, Any]
T = TypeVar("T", bound="Record")


@dataclass(frozen=True)
class Record:
    """`data` is the service's JSON; the other fields are the parts of it that one asks for most."""

    data: Json = field(repr=False)

    def cells(self) -> Dict[str, str]:
        """The row of a table that shows it: heading to text."""
        raise NotImplementedError


class Listing(List[T], Generic[T]):
    """A list that prints as a table, and as one of HTML in a notebook. `note` explains it."""

    def __init__(self, items: Sequence[T], nothing: str, note: str = "") -> None:
        super().__init__(items)
        self._nothing = nothing
        self.note = note

    def __repr__(self) -> str:
        table = text_table([item.cells() for item in self]) if self else self._nothing
        return f"{table}\n{self.note}" if self.note else table

    __str__ = __repr__

    def _repr_html_(self) -> str:
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        if not self:
            return f"<p>{html.escape(self._nothing)}</p>{note}"
        rows = [item.cells() for item in self]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in rows[0])
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row.values()) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


@dataclass(frozen=True)
class TrafficRow(Record):
    """`percent` of the rows go to `revision`; `tag` names it in calls ("" for none)."""

    revision: str
    percent: int
    tag: str
    latest: bool

    @staticmethod
    def of(data: Json) -> "TrafficRow":
        return TrafficRow(
            data, data.get("revision", ""), data["percent"], data.get("tag", ""), data["latest"]
        )

    def cells(self) -> Dict[str, str]:
        name = self.revision or "(the latest)"
        return {"REVISION": name, "PERCENT": f"{self.percent}", "TAG": self.tag}


@dataclass(frozen=True)
class Model(Record):
    """`phase` is Ready, Deploying, Degraded, Failed or Deleting; `summary` and `remedy` explain it.
    `replicas` 0 and ready: it sleeps and wakes with the next row."""

    name: str
    image: str
    phase: str
    ready: bool
    summary: str
    remedy: str
    replicas: int
    url: str
    generation: int
    created_at: str
    traffic: Sequence[TrafficRow] = field(repr=False)
    warnings: Sequence[str] = field(repr=False)

    @staticmethod
    def of(data: Json) -> "Model":
        status = data["status"]
        return Model(
            data, data["name"], data["image"], status["phase"], status["ready"],
            status["explanation"]["summary"], status["explanation"]["remedy"], status["replicas"],
            status.get("url", ""), data["generation"], data["createdAt"],
            [TrafficRow.of(row) for row in data["traffic"]], data.get("warnings", []),
        )

    def cells(self) -> Dict[str, str]:
        return {
            "NAME": self.name, "IMAGE": self.image, "CREATED": self.created_at,
            "GENERATION": f"{self.generation}", "URL": self.url, "PODS": f"{self.replicas}",
            "PHASE": self.phase, "WHY": self.summary,
        }


@dataclass(frozen=True)
class Revision(Record):
    """One version of a model. `ready` is None while that is not decided."""

    name: str
    image: str
    ready: Any
    percent: int
    tags: Sequence[str]
    summary: str
    remedy: str
    replicas: int
    created_at: str

    @staticmethod
    def of(data: Json) -> "Revision":
        explanation = data["explanation"]
        return Revision(
            data, data["name"], data["image"], data["ready"], data["percent"], data["tags"],
            explanation["summary"], explanation["remedy"], data["replicas"], data["createdAt"],
        )

    def cells(self) -> Dict[str, str]:
        ready = {True: "yes", False: "no"}.get(self.ready, "not yet")
        return {
            "REVISION": self.name, "IMAGE": self.image, "CREATED": self.created_at,
            "PERCENT": f"{self.percent}", "TAGS": ", ".join(self.tags),
            "PODS": f"{self.replicas}", "READY": ready, "WHY": self.summary,
        }


@dataclass(frozen=True)
class Traffic(Record):
    """`rows` is what serves, `desired` what was asked for, `history` how many tables rollback can
    go back to."""

    rows: Listing[TrafficRow]
    desired: Sequence[TrafficRow] = field(repr=False)
    history: int
    summary: str

    @staticmethod
    def of(data: Json) -> "Traffic":
        summary = data["explanation"]["summary"]
        rows = [TrafficRow.of(row) for row in data["traffic"]]
        return Traffic(
            data, Listing(rows, "no traffic"), [TrafficRow.of(row) for row in data["desired"]],
            len(data["history"]), summary,
        )

    def __repr__(self) -> str:
        return f"{self.rows}\n{self.summary}"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return f"{self.rows._repr_html_()}<p>{html.escape(self.summary)}</p>"


@dataclass(frozen=True)
class Pod(Record):
    """A process that scores. `ending`: it takes nothing new."""

    name: str
    revision: str
    phase: str
    ready: bool
    restarts: int
    reason: str
    ending: bool

    @staticmethod
    def of(data: Json) -> "Pod":
        return Pod(
            data, data["name"], data["revision"], data["phase"], data["ready"], data["restarts"],
            data.get("reason", ""), data["ending"],
        )

    def cells(self) -> Dict[str, str]:
        return {
            "POD": self.name, "REVISION": self.revision,
            "PHASE": "Ending" if self.ending else self.phase,
            "READY": "yes" if self.ready else "no", "RESTARTS": f"{self.restarts}",
            "REASON": self.reason,
        }


@dataclass(frozen=True)
class Event(Record):
    """What the cluster remarked, `count` times, the last time at `time`."""

    time: str
    type: str
    reason: str
    message: str
    object: str
    count: int

    @staticmethod
    def of(data: Json) -> "Event":
        return Event(
            data, data["time"], data["type"], data["reason"], data["message"], data["object"],
            data["count"],
        )

    def cells(self) -> Dict[str, str]:
        return {
            "TIME": self.time, "TYPE": self.type, "REASON": self.reason, "OBJECT": self.object,
            "MESSAGE": self.message,
        }


@dataclass(frozen=True)
class Variable(Record):
    """`type` is number or string; `format` int64 (all digits are kept), json (a data grid) or ""."""

    name: str
    type: str
    format: str
    required: bool

    @staticmethod
    def of(data: Json) -> "Variable":
        return Variable(
            data, data["name"], data["type"], data.get("format", ""), data.get("required", False)
        )

    def cells(self) -> Dict[str, str]:
        length = f"({self.data['length']})" if "length" in self.data else ""
        return {
            "VARIABLE": self.name, "TYPE": f"{self.type}{length}", "FORMAT": self.format,
            "REQUIRED": "yes" if self.required else "",
        }


@dataclass(frozen=True)
class Signature(Record):
    """What a model takes and gives. `inferred`: it describes nothing, types come from values."""

    inputs: Listing[Variable]
    outputs: Listing[Variable]
    inferred: bool

    @staticmethod
    def of(data: Json) -> "Signature":
        nothing = "the model describes nothing"
        return Signature(
            data, Listing([Variable.of(one) for one in data["inputs"]], nothing),
            Listing([Variable.of(one) for one in data["outputs"]], nothing), data["inferred"],
        )

    @property
    def dtypes(self) -> Dict[str, str]:
        """For `pandas.read_csv(…, dtype=…)`: the inputs that are text stay text. Numbers are left
        to pandas, since a file may have SAS's missing values in them."""
        return {one.name: "string" for one in self.inputs if one.type == "string"}

    def __repr__(self) -> str:
        return f"inputs\n{self.inputs}\noutputs\n{self.outputs}"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return f"inputs{self.inputs._repr_html_()}outputs{self.outputs._repr_html_()}"


@dataclass(frozen=True)
class OutputComparison(Record):
    """One output of two revisions. `agreement` is the share of rows with the same value, 0 to 1."""

    name: str
    type: str
    compared: int
    equal: int

    @staticmethod
    def of(data: Json) -> "OutputComparison":
        return OutputComparison(data, data["name"], data["type"], data["compared"], data["equal"])

    def cells(self) -> Dict[str, str]:
        def number(name: str) -> str:
            value = self.data.get(name)
            return "" if value is None else f"{value:.6g}"

        return {
            "OUTPUT": self.name, "TYPE": self.type, "COMPARED": f"{self.compared}",
            "EQUAL": f"{self.equal}", "AGREEMENT": number("agreement"),
            "MEAN DIFFERENCE": number("meanDifference"),
            "LARGEST": number("largestDifference"),
        }


@dataclass(frozen=True)
class Comparison(Record):
    """How two revisions score the same rows. `worst`: the rows that differ most, as the service
    tells them (`line`, `inputs`, `champion`, `challenger`, `difference`)."""

    champion: str
    challenger: str
    rows: int
    compared: int
    outputs: Listing[OutputComparison]
    worst: Sequence[Json] = field(repr=False)

    @staticmethod
    def of(data: Json) -> "Comparison":
        outputs = [OutputComparison.of(one) for one in data["outputs"]]
        return Comparison(
            data, data["champion"]["revision"], data["challenger"]["revision"], data["rows"],
            data["compared"], Listing(outputs, "no outputs"), data["worst"],
        )

    def _head(self) -> str:
        return (
            f"{self.champion} (champion) and {self.challenger} (challenger): "
            f"{self.compared} of {self.rows} rows compared"
        )

    def __repr__(self) -> str:
        return f"{self._head()}\n{self.outputs}"

    __str__ = __repr__

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self._head())}</p>{self.outputs._repr_html_()}"
