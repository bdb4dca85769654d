"""The client: `client.models` to deploy, `client.score` and `client.score_csv` to score."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Mapping, Optional, Union, overload

from . import frames
from .errors import InputError
from .models import Models
from .progress import Progress, Show, shown
from .records import ERROR_COLUMN, Signature
from .scoring import (
    Row, Scored, Scoring, Source, Target, on_error, score_query, scored_of,
)
from .settings import Token, settings_of
from .transport import Transport, new_request_id

if TYPE_CHECKING:
    import pandas as pd


class RowsFailed(UserWarning):
    """Some rows could not be scored; the column `_error` says why."""


class Client:
    """A client of one scr-modelops service. Threads may share it; it keeps no connection.

    `url` and `token` (a text, or a function that gives one) go before the environment's
    SCR_MODELOPS_URL, SCR_MODELOPS_TOKEN, SCR_MODELOPS_TOKEN_FILE, and SAS Viya's
    SAS_SERVICES_TOKEN. `ca`: a file of PEM certificates to trust.
    """

    def __init__(
        self, url: Optional[str] = None, token: Token = None, *, ca: Optional[str] = None
    ) -> None:
        self._transport = Transport(settings_of(url, token, ca))
        self._scoring = Scoring(self._transport)
        self.models = Models(self._transport, self._scoring)

    @property
    def url(self) -> str:
        return self._transport.url

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    @overload
    def score(
        self, model: str, data: pd.DataFrame, *, errors: str = ..., columns: Any = ...,
        progress: Show = ..., **options: Any,
    ) -> pd.DataFrame: ...

    @overload
    def score(
        self, model: str, data: Row, *, errors: str = ..., columns: Any = ...,
        progress: Show = ..., **options: Any,
    ) -> Dict[str, Any]: ...

    @overload
    def score(
        self, model: str, data: Any, *, errors: str = ..., columns: Any = ...,
        progress: Show = ..., **options: Any,
    ) -> Any: ...

    def score(
        self, model: str, data: Any, *, errors: str = "report", columns: Any = "all",
        progress: Show = None, **options: Any,
    ) -> Any:
        """Scores rows.

        - A DataFrame (pandas; also pyarrow, polars): a new one of the same kind, with its columns
          and the outputs, under the same index. Text outputs are `string`, numbers `Float64` or
          `Int64`, missing values NA. `columns`: "all" carries the frame's columns, "outputs" none,
          or a list of names.
        - An iterator of DataFrames, e.g. `pd.read_csv(…, chunksize=50_000)`: an iterator of
          scored ones, each scored when it is asked for.
        - A dict: its outputs as a dict. A list of dicts: a list of dicts.

        `errors`, for rows that can't be scored: "report" keeps them, outputs missing, the reason in
        the column `_error`, and warns (RowsFailed); "raise" raises Invalid for the first; "skip"
        leaves them out. `progress`: None (a bar where somebody looks), True, False, or a function
        that is called with a Progress. `options`: revision, tag, route, revision_column, step,
        concurrency (rows in flight), timeout (seconds), missing.

        Raises InputError for what can't be sent, ServiceError for what the service refuses.
        """
        on_error(errors)
        if isinstance(data, Mapping):
            return self._score_rows(model, [data], "raise", columns, options)[0]
        if frames.is_frame(data):
            return self._score_frame(model, data, errors, columns, progress, options)
        if isinstance(data, (list, tuple)) and all(isinstance(row, Mapping) for row in data):
            return self._score_rows(model, list(data), errors, columns, options)
        if hasattr(data, "__iter__") and not isinstance(data, (str, bytes)):
            return self._score_each(model, data, errors, columns, progress, options)
        raise InputError(
            f"a {type(data).__name__} can't be scored",
            "give a DataFrame, an iterator of them, or dicts; for a file there is score_csv",
        )

    def score_csv(
        self, model: str, source: Source, target: Target, *, errors: str = "report",
        progress: Show = None, **options: Any,
    ) -> Scored:
        """Scores a CSV file into another, both streamed, in memory that does not grow with it.

        `source`, `target`: paths, or open binary files; .gz is packed. The target gets its name
        when all of it is there: a call that fails or is stopped leaves nothing under it, and what
        was there before stays. Ctrl-C ends the scoring on the service, too. `errors` and `progress`
        as for `score`; `options` beside those: columns, delimiter, decimal, thousands, quote,
        encoding, missing, as the service's documentation has them.

        Returns the counts. Raises InputError, ServiceError, ConnectionFailed (AnswerCut).
        """
        return self._scoring.file(model, source, target, errors, progress, options)

    def _score_rows(
        self, model: str, rows: List[Row], errors: str, columns: Any, options: Mapping[str, Any]
    ) -> List[Dict[str, Any]]:
        query = score_query({**options, "columns": columns})
        if not rows:
            return []
        return list(self._scoring.rows(model, rows, {**query, "onError": on_error(errors)}))

    def _score_each(
        self, model: str, data: Any, errors: str, columns: Any, progress: Show,
        options: Mapping[str, Any],
    ) -> Iterator[Any]:
        for frame in data:
            yield self._score_frame(model, frame, errors, columns, progress, options)

    def _score_frame(
        self, model: str, data: Any, errors: str, columns: Any, progress: Show,
        options: Mapping[str, Any],
    ) -> Union[pd.DataFrame, Any]:
        frame = frames.frame_of(data)
        given = frames.sent_options(options)
        route = str(given.get("route") or "")
        sticky = route[len("sticky:"):] if route.startswith("sticky:") else None
        signature = self._described(model, given)
        sent = frames.inputs_of(frame, signature, sticky)
        # Rows that are left out are told from the others here, where the index is known.
        told = "fail" if errors == "raise" else "report"
        query = {**score_query({**given, "columns": "outputs"}), "onError": told}
        blocks = frames.json_blocks(sent) if signature is None else frames.csv_blocks(sent)
        kind = "application/x-ndjson" if signature is None else "text/csv"
        seen = Progress(new_request_id(), len(frame), "rows")
        with shown(seen, progress, model), self._scoring.answered(
            model, seen, frames.counted(blocks, seen, len(frame)), query, {"content-type": kind}
        ) as answer:
            received = seen.receiving(answer.blocks())
            outputs = (
                frames.outputs_of_lines(received) if signature is None
                else frames.outputs_of(received, signature)
            )
        scored = frames.joined(frame, outputs, columns, errors)
        failed = 0 if errors != "report" else int(scored[ERROR_COLUMN].notna().sum())
        if failed:
            first = scored[ERROR_COLUMN].dropna().iloc[0]
            warnings.warn(
                f"{failed} of {len(frame)} rows failed, see the column {ERROR_COLUMN}: {first}",
                RowsFailed, stacklevel=3,
            )
        scored.attrs["scoring"] = vars(scored_of(seen))
        return frames.like(scored, data)

    def _described(self, model: str, options: Mapping[str, Any]) -> Optional[Signature]:
        """What the model takes and gives; None when it does not say, or is asked for a step other
        than the one that it describes: the values' own types then go both ways."""
        if options.get("step") is not None:
            return None
        signature = self._scoring.signature(
            model, revision=options.get("revision"), tag=options.get("tag")
        )
        return None if signature.inferred else signature
