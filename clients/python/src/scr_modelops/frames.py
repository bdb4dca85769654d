"""DataFrames to rows for a model and back. The only module that needs pandas.

What goes out: the model's input columns, as CSV; text stays text, numbers have all their digits,
missing values are empty. What comes back: the outputs with dtypes by the signature, `string`,
`Float64` or `Int64`, missing values NA, under the frame's own index.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, Mapping, Optional, cast

from .errors import InputError, MissingExtra
from .records import ERROR_COLUMN, Signature, Variable
from .rows import json_line

if TYPE_CHECKING:
    import pandas as pd

BATCH_ROWS = 2000
_TEXTS = {"string", "empty", "categorical"}


def pandas_module() -> Any:
    """pandas. Raises MissingExtra."""
    try:
        import pandas
    except ImportError:
        raise MissingExtra(
            "scoring DataFrames needs pandas", 'pip install "scr-modelops[pandas]"'
        ) from None
    return pandas


def is_frame(data: Any) -> bool:
    """A DataFrame of pandas, or one that offers itself as such (pyarrow, polars, …)."""
    return hasattr(data, "__dataframe__") or hasattr(data, "__arrow_c_stream__")


def frame_of(data: Any) -> pd.DataFrame:
    """A DataFrame of pandas, also from pyarrow's, polars' and others that offer themselves by the
    dataframe interchange protocol."""
    pandas = pandas_module()
    if isinstance(data, pandas.DataFrame):
        return cast("pd.DataFrame", data)
    if hasattr(data, "to_pandas"):
        return cast("pd.DataFrame", data.to_pandas())
    return cast("pd.DataFrame", pandas.api.interchange.from_dataframe(data))


def inputs_of(
    frame: pd.DataFrame, signature: Optional[Signature], sticky: Optional[str]
) -> pd.DataFrame:
    """The columns that the model takes, and the one that rows are routed by; without a signature
    all of them. Names match exactly,
    else without regard to case. Columns that are not there are left to the service, which names
    them. Raises InputError for columns that can't be sent as they are."""
    names = [str(name) for name in frame.columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"the frame has columns twice: {', '.join(twice)}", "rename one of each")
    frame = frame.set_axis(names, axis=1)
    if signature is None:
        return frame
    kept: List[str] = []
    for variable in signature.inputs:
        exact = [name for name in names if name == variable.name]
        alike = [name for name in names if name.upper() == variable.name.upper()]
        for name in exact or alike:
            _check_text(frame[name], variable)
            kept.append(name)
    if sticky is not None and sticky in names:
        kept.append(sticky)
    # Without any, the frame's own: the service then says what is missing, and what is there.
    return frame[list(dict.fromkeys(kept))] if kept else frame


def _check_text(column: pd.Series[Any], variable: Variable) -> None:
    """Numbers in a text variable: 501 may have been 00501, and a missing one makes it 501.0."""
    if variable.type != "string" or variable.format == "json" or column.isna().all():
        return
    values = column.cat.categories if hasattr(column, "cat") else column
    kind = pandas_module().api.types.infer_dtype(values, skipna=True)
    if kind not in _TEXTS:
        raise InputError(
            f"the model's variable {variable.name} is text, and the column {column.name} holds"
            f" {kind}: a text like 00501 would have lost its zeros",
            "read it as text, pd.read_csv(…, dtype=client.models.signature(NAME).dtypes), or say"
            f' that it is right: df["{column.name}"] = df["{column.name}"].astype("string")',
        )


def csv_blocks(frame: pd.DataFrame) -> Iterator[bytes]:
    """The frame as CSV, some rows at a time."""
    texts = {"index": False, "lineterminator": "\n"}
    yield cast(str, frame.iloc[:0].to_csv(**texts)).encode()  # type: ignore[call-overload]
    for start in range(0, len(frame), BATCH_ROWS):
        batch = frame.iloc[start:start + BATCH_ROWS]
        text = cast(str, batch.to_csv(header=False, **texts))  # type: ignore[call-overload]
        try:
            yield text.encode()
        except UnicodeEncodeError as error:
            raise InputError(
                f"rows {start} to {start + len(batch) - 1} hold half a character:"
                f" {error.object[error.start]!r}",
                "read the data again in its own encoding",
            ) from None


def json_blocks(frame: pd.DataFrame) -> Iterator[bytes]:
    """The frame as NDJSON, for a model without a description: the values' own types are sent."""
    for start in range(0, len(frame), BATCH_ROWS):
        batch = frame.iloc[start:start + BATCH_ROWS]
        rows = zip(*(batch[name].astype("object") for name in batch.columns))
        yield b"".join(json_line(dict(zip(batch.columns, row))) for row in rows)


def counted(blocks: Iterable[bytes], progress: Any, rows: int) -> Iterator[bytes]:
    """Tells the progress how many of the rows went out."""
    for block in blocks:
        yield block
        progress.sent = min(rows, progress.sent + block.count(b"\n"))
    progress.sent = rows
    progress.state = "waiting"


def outputs_of(blocks: Iterable[bytes], signature: Signature) -> pd.DataFrame:
    """The answer's CSV of outputs, with dtypes by the signature; what it does not name is text."""
    pandas = pandas_module()
    texts = pandas.read_csv(
        io.BytesIO(b"".join(blocks)), dtype="string", keep_default_na=False, na_values=[""],
        skip_blank_lines=False,
    )
    types = {one.name: _dtype(one) for one in signature.outputs}
    columns = {name: _typed(texts[name], types.get(name, "string")) for name in texts.columns}
    return cast("pd.DataFrame", pandas.DataFrame(columns))


def _typed(texts: pd.Series[Any], dtype: str) -> Any:
    """Numbers as Python reads them: to the last bit, whatever pandas' own reader does."""
    if dtype == "string":
        return texts
    number = int if dtype == "Int64" else float
    values = [None if missing else number(text) for text, missing in zip(texts, texts.isna())]
    return pandas_module().array(values, dtype=dtype)


def _dtype(variable: Variable) -> str:
    if variable.type == "string" or variable.format == "json":
        return "string"
    return "Int64" if variable.format == "int64" else "Float64"


def outputs_of_lines(blocks: Iterable[bytes]) -> pd.DataFrame:
    """The outputs of a model without a description: text stays text, numbers are numbers."""
    pandas = pandas_module()
    rows = [json.loads(line) for line in b"".join(blocks).splitlines() if line]
    columns: Dict[str, Any] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        columns[name] = pandas.array(values, dtype=_kind(values))
    return cast("pd.DataFrame", pandas.DataFrame(columns))


def _kind(values: List[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return "string"
    return "Int64" if kinds == {int} else "Float64" if kinds <= {int, float} else "object"


def joined(
    frame: pd.DataFrame, outputs: pd.DataFrame, columns: Any, errors: str
) -> pd.DataFrame:
    """The frame's rows beside their outputs, under its index. Input columns whose name an output
    has, without regard to case, are called in_NAME, as the service does."""
    if len(frame) != len(outputs):
        raise InputError(
            f"{len(frame)} rows were sent and {len(outputs)} came back",
            "score the frame in smaller pieces, and tell the service's maintainers",
        )
    outputs = outputs.set_axis(frame.index, axis=0)
    carried = frame[_carried(frame, columns)]
    taken = {str(name).upper() for name in outputs.columns}
    carried = carried.rename(
        columns={name: f"in_{name}" for name in carried.columns if str(name).upper() in taken}
    )
    scored = pandas_module().concat([carried, outputs], axis=1)
    if errors == "skip":
        scored = scored[scored[ERROR_COLUMN].isna()].drop(columns=ERROR_COLUMN)
    elif errors == "raise":
        scored = scored.drop(columns=ERROR_COLUMN, errors="ignore")
    return cast("pd.DataFrame", scored)


def _carried(frame: pd.DataFrame, columns: Any) -> List[Any]:
    if columns is None or (isinstance(columns, str) and columns == "all"):
        return list(frame.columns)
    if isinstance(columns, str) and columns == "outputs":
        return []
    names = columns.split(",") if isinstance(columns, str) else list(columns)
    unknown = [str(name) for name in names if name not in frame.columns]
    if unknown:
        raise InputError(f"the frame has no column {', '.join(unknown)}", "see columns=")
    return names


def like(scored: pd.DataFrame, data: Any) -> Any:
    """The scored frame as what was given: a table of pyarrow, a frame of polars, else pandas."""
    home = type(data).__module__.split(".")[0]
    if home == "pyarrow":
        import pyarrow
        return pyarrow.Table.from_pandas(scored, preserve_index=False)
    if home == "polars":
        import polars
        return polars.from_pandas(scored)
    return scored


def sent_options(options: Mapping[str, Any]) -> Dict[str, Any]:
    """Options of a scored frame. Those that say how a CSV is written are no business of a frame."""
    foreign = sorted({"delimiter", "decimal", "thousands", "quote", "encoding"} & set(options))
    if foreign:
        raise InputError(f"{', '.join(foreign)}: not for a DataFrame", "they say how a file is")
    return dict(options)
