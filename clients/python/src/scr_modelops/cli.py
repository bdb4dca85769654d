"""The command `scr-modelops`: tables for people, -o json|yaml for programs.

What was asked for goes to standard output, all else to standard error. Exit codes: 0 done; 1 the
service said no; 2 the command line is wrong; 3 the service could not be reached, or its answer was
cut; 4 not ready when the wait was over; 5 scored, and some rows failed; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import warnings
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from . import __version__
from .client import Client
from .completion import SHELLS, candidates, script
from .errors import (
    ConnectionFailed, InputError, NotReady, ScrModelOpsError, ServiceError, SettingsError,
)
from .records import Listing, Record
from .tables import yaml_text
from .waiting import WAIT_SECONDS

SAID_NO, USAGE, NOT_REACHED, NOT_READY, ROWS_FAILED, INTERRUPTED = 1, 2, 3, 4, 5, 130


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Runs a command and returns its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["__complete"]:
        return _complete(given[1:])
    args = parser().parse_args(given)
    warnings.showwarning = lambda message, *_, **__: tell(f"warning: {message}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return int(args.run(args) or 0)
    except KeyboardInterrupt:
        tell("stopped")
        return INTERRUPTED
    except BrokenPipeError:  # nobody reads any more, as after `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except ScrModelOpsError as error:
        tell(f"scr-modelops: {error}")
        return _code_of(error)


def _code_of(error: ScrModelOpsError) -> int:
    for kind, code in (
        (NotReady, NOT_READY), (ConnectionFailed, NOT_REACHED), (SettingsError, USAGE),
        (InputError, USAGE),
    ):
        if isinstance(error, kind):
            return code
    return SAID_NO


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """All commands with their options; completion reads it, too."""
    top = argparse.ArgumentParser(prog="scr-modelops", description=(
        "Deploy SAS Container Runtime models and score CSV files with them. The service's address "
        "is SCR_MODELOPS_URL or --url, a token SCR_MODELOPS_TOKEN."
    ))
    top.add_argument("--version", action="version", version=__version__)
    top.add_argument("--url", help="of the service, before SCR_MODELOPS_URL")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(
        name: str, run: Callable[[argparse.Namespace], Any], about: str, *, model: bool = True,
        output: bool = True, wait: bool = False,
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=run)
        if model:
            made.add_argument("model", metavar="MODEL")
        if output:
            made.add_argument("-o", "--output", choices=["table", "json", "yaml"], default="table")
        if wait:
            made.add_argument(
                "--wait", type=_seconds, default=WAIT_SECONDS, metavar="SECONDS",
                help=f"until it serves; default {WAIT_SECONDS}, 0: come back at once",
            )
        return made

    made = command("models", _models, "list the models", model=False)
    made.add_argument("-l", "--selector", metavar="LABELS", help="e.g. team=risk,stage!=dev")
    command("get", _get, "show one model")
    made = command("deploy", _deploy, "create a model, or replace its settings", wait=True)
    made.add_argument("image", metavar="IMAGE")
    _add_fields(made)
    made = command("update", _update, "change some settings of a model", wait=True)
    made.add_argument("--image")
    _add_fields(made)
    command("delete", _delete, "delete a model and its revisions", output=False, wait=True)

    made = command("score", _score, "score a CSV file", output=False)
    made.add_argument("file", metavar="IN.CSV", help="- for standard input")
    made.add_argument(
        "-o", "--output", default="-", metavar="OUT.CSV", help="default: standard output"
    )
    _add_scoring(made)
    made.add_argument("--errors", choices=["raise", "report", "skip"], default="report")
    made.add_argument("--quiet", action="store_true", help="no progress bar")

    made = command("logs", _logs, "what the model printed", output=False)
    made.add_argument("-f", "--follow", action="store_true")
    made.add_argument("--tail", type=int, metavar="LINES")
    made.add_argument("--revision")
    made.add_argument("--pod")
    made.add_argument("--previous", action="store_true", help="of the container before a restart")
    command("events", _events, "what the cluster remarked")
    command("pods", _pods, "what runs")
    command("revisions", _revisions, "the versions of a model")
    command("signature", _signature, "what a model takes and gives")

    made = command("challenger", _challenger, "deploy a version beside what serves", wait=True)
    made.add_argument("image", metavar="IMAGE")
    made.add_argument("--tag", default="challenger")
    made.add_argument("--percent", type=int, default=0)
    _add_fields(made)
    made = command("traffic", _traffic, "show the traffic table, or set it", wait=True)
    made.add_argument(
        "shares", nargs="*", type=_share, metavar="NAME=PERCENT",
        help="by tag or revision, total 100: champion=80 challenger=20",
    )
    made = command("promote", _promote, "give a revision all the traffic", wait=True)
    made.add_argument("to", nargs="?", default="challenger", metavar="TAG_OR_REVISION")
    command("rollback", _rollback, "go back to the traffic table before", wait=True)
    made = command("compare", _compare, "score a file on two revisions and compare")
    made.add_argument("file", metavar="IN.CSV")
    made.add_argument("--challenger", default="challenger", metavar="TAG_OR_REVISION")
    made.add_argument("--champion", metavar="TAG_OR_REVISION")
    made.add_argument("--worst", type=int, default=10, metavar="ROWS")
    _add_scoring(made, pins=False)
    made = command(
        "delete-revision", _delete_revision, "delete a revision that nothing uses", output=False
    )
    made.add_argument("revision", metavar="REVISION")
    made.add_argument("--forget", action="store_true", help="also one that rollback needs")

    made = command(
        "completion", _completion, "print a script that completes commands in a shell",
        model=False, output=False,
    )
    made.add_argument("shell", choices=SHELLS)
    return top


_FIELDS: Tuple[Tuple[str, Callable[[str], Any], str], ...] = (
    ("min-scale", int, "pods kept warm"), ("max-scale", int, "0: no limit"),
    ("target", float, "rows at once per pod"), ("window", str, "e.g. 60s"),
    ("container-concurrency", int, "rows that one pod scores at once"),
    ("timeout-seconds", int, "the longest a row may take"), ("app-path", str, "that SCR serves"),
    ("port", int, "that the container listens on"), ("description", str, ""),
    ("rollout-seconds", int, "over which traffic moves to a newer revision"),
)
_SCORING: Tuple[Tuple[str, Callable[[str], Any], str], ...] = (
    ("columns", str, "all, outputs, or names separated by commas"),
    ("delimiter", str, "also semicolon, tab"), ("decimal", str, ". or ,"),
    ("thousands", str, "what may group digits"), ("quote", str, 'default "; none'),
    ("encoding", str, "default utf-8; e.g. wlatin1"), ("missing", str, "e.g. NA,-999"),
    ("concurrency", int, "rows in flight"), ("timeout", int, "seconds for all rows"),
    ("step", str, "other than the default"),
)
_PINS: Tuple[Tuple[str, Callable[[str], Any], str], ...] = (
    ("revision", str, "score on this one"), ("tag", str, "score on the revision of this tag"),
    ("route", str, "mixed, or sticky:COLUMN"),
)


def _add_fields(made: argparse.ArgumentParser) -> None:
    for name, kind, about in _FIELDS:
        made.add_argument(f"--{name}", type=kind, help=about)
    made.add_argument("--env", action="append", type=_pair, metavar="NAME=VALUE")
    made.add_argument("--label", action="append", type=_pair, metavar="NAME=VALUE")
    made.add_argument("--redeploy", action="store_true", help="a tag that was published again")


def _add_scoring(made: argparse.ArgumentParser, pins: bool = True) -> None:
    for name, kind, about in _SCORING + (_PINS if pins else ()):
        made.add_argument(f"--{name}", type=kind, help=about)
    if pins:
        made.add_argument("--revision-column", action="store_true", default=None)


def _given(args: argparse.Namespace, options: Sequence[Tuple[str, Any, str]]) -> Dict[str, Any]:
    names = [name.replace("-", "_") for name, _, _ in options]
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _fields(args: argparse.Namespace) -> Dict[str, Any]:
    fields = {**_given(args, _FIELDS), "redeploy": args.redeploy}
    if args.env:
        fields["env"] = dict(args.env)
    if args.label:
        fields["labels"] = dict(args.label)
    return fields


def _pair(text: str) -> Tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _share(text: str) -> Tuple[str, int]:
    name, value = _pair(text)
    if not value.rstrip("%").isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PERCENT")
    return name, int(value.rstrip("%"))


def _seconds(text: str) -> int:
    if not text.isdecimal() or int(text) > 600:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 600")
    return int(text)


def _client(args: argparse.Namespace) -> Client:
    return Client(args.url)


def _waiting(args: argparse.Namespace) -> Dict[str, Any]:
    return {"wait": args.wait, "tell": tell if args.wait else None}


def _print(args: argparse.Namespace, value: Any) -> None:
    """A record or a list of them, as asked for."""
    if args.output == "table":
        print(Listing([value], "") if _is_row(value) else value)
        return
    data: Any = [item.data for item in value] if isinstance(value, list) else value.data
    print(json.dumps(data, indent=2) if args.output == "json" else yaml_text(data))


def _is_row(value: Any) -> bool:
    return isinstance(value, Record) and type(value).cells is not Record.cells


def _models(args: argparse.Namespace) -> None:
    _print(args, _client(args).models.list(label_selector=args.selector))


def _get(args: argparse.Namespace) -> None:
    _print(args, _client(args).models.get(args.model))


def _deploy(args: argparse.Namespace) -> None:
    models = _client(args).models
    _print(args, models.deploy(args.model, args.image, **_fields(args), **_waiting(args)))


def _update(args: argparse.Namespace) -> None:
    fields = _fields(args)
    if args.image is not None:
        fields["image"] = args.image
    _print(args, _client(args).models.update(args.model, **fields, **_waiting(args)))


def _delete(args: argparse.Namespace) -> None:
    _client(args).models.delete(args.model, **_waiting(args))
    tell(f"{args.model} is {'deleted' if args.wait else 'being deleted'}")


def _score(args: argparse.Namespace) -> int:
    options = _given(args, _SCORING + _PINS)
    if args.revision_column:
        options["revision_column"] = True
    source = sys.stdin.buffer if args.file == "-" else args.file
    target = sys.stdout.buffer if args.output == "-" else args.output
    show = True if sys.stderr.isatty() and not args.quiet else False
    scored = _client(args).score_csv(
        args.model, source, target, errors=args.errors, progress=show, **options
    )
    sys.stdout.flush()
    tell(str(scored))
    return ROWS_FAILED if scored.failed and args.errors == "report" else 0


def _logs(args: argparse.Namespace) -> None:
    models = _client(args).models
    options = {
        "tail": args.tail, "revision": args.revision, "pod": args.pod, "previous": args.previous
    }
    if not args.follow:
        print(models.logs(args.model, **options), end="")
        return
    for line in models.logs(args.model, follow=True, **options):
        print(line, flush=True)


def _events(args: argparse.Namespace) -> None:
    _print(args, _client(args).models.events(args.model))


def _pods(args: argparse.Namespace) -> None:
    _print(args, _client(args).models.pods(args.model))


def _revisions(args: argparse.Namespace) -> None:
    _print(args, _client(args).models.revisions(args.model))


def _signature(args: argparse.Namespace) -> None:
    _print(args, _client(args).models.signature(args.model))


def _challenger(args: argparse.Namespace) -> None:
    revision = _client(args).models.challenger(
        args.model, args.image, tag=args.tag, percent=args.percent, **_fields(args),
        **_waiting(args),
    )
    _print(args, revision)


def _traffic(args: argparse.Namespace) -> None:
    models = _client(args).models
    if not args.shares:
        _print(args, models.traffic(args.model))
        return
    _print(args, models.traffic(args.model, dict(args.shares), **_waiting(args)))


def _promote(args: argparse.Namespace) -> None:
    _print(args, _client(args).models.promote(args.model, args.to, **_waiting(args)))


def _rollback(args: argparse.Namespace) -> None:
    _print(args, _client(args).models.rollback(args.model, **_waiting(args)))


def _compare(args: argparse.Namespace) -> None:
    comparison = _client(args).models.compare(
        args.model, args.file, args.challenger, args.champion, worst=args.worst,
        **_given(args, _SCORING),
    )
    _print(args, comparison)


def _delete_revision(args: argparse.Namespace) -> None:
    _client(args).models.delete_revision(args.model, args.revision, forget=args.forget)
    tell(f"{args.revision} is deleted")


def _completion(args: argparse.Namespace) -> None:
    print(script(args.shell), end="")


def _complete(words: List[str]) -> int:
    """Candidates for the last word, one a line; called by the shells' scripts."""
    def names() -> List[str]:
        try:
            return [model.name for model in Client().models.list()]
        except (ScrModelOpsError, ServiceError):
            return []

    for candidate in candidates(parser(), words, names):
        print(candidate)
    return 0


if __name__ == "__main__":
    sys.exit(main())
