"""Completion of command lines: each shell's script asks the program itself what may come next, so
that commands, options and the names of the service's models are always the present ones."""

from __future__ import annotations

import argparse
from typing import Callable, Dict, List, Sequence

_SCRIPTS: Dict[str, str] = {
    "bash": """\
_scr_modelops() {
  local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
  mapfile -t COMPREPLY < <(scr-modelops __complete "${words[@]}" 2>/dev/null)
}
complete -o default -F _scr_modelops scr-modelops
""",
    "zsh": """\
#compdef scr-modelops
_scr_modelops() {
  local -a found
  found=("${(@f)$(scr-modelops __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "${found[1]}" ]]; then compadd -a found; else _files; fi
}
compdef _scr_modelops scr-modelops
""",
    "fish": """\
complete -c scr-modelops -a '(scr-modelops __complete \
(commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
""",
}
SHELLS = list(_SCRIPTS)


def script(shell: str) -> str:
    """What a shell has to read, e.g. `source <(scr-modelops completion bash)`."""
    return _SCRIPTS[shell]


def candidates(
    parser: argparse.ArgumentParser, words: Sequence[str], names: Callable[[], List[str]]
) -> List[str]:
    """What the last of the words may become. Nothing: a file, which the shell completes."""
    *before, last = words or [""]
    commands = _commands(parser)
    command = next((word for word in before if word in commands), None)
    if command is None:
        return _begin(last, [*commands, *_options(parser)])
    chosen = commands[command]
    values = _choices(chosen, before[-1])
    if values:
        return _begin(last, values)
    if last.startswith("-"):
        return _begin(last, _options(chosen))
    if before[-1] == command:
        first = next((one for one in chosen._actions if not one.option_strings), None)
        if first is not None and first.dest == "model":
            return _begin(last, names())
        return _begin(last, list(first.choices or []) if first is not None else [])
    return []


def _begin(start: str, words: Sequence[str]) -> List[str]:
    return [word for word in words if word.startswith(start)]


def _commands(parser: argparse.ArgumentParser) -> Dict[str, argparse.ArgumentParser]:
    action = next(
        one for one in parser._actions if isinstance(one, argparse._SubParsersAction)
    )
    return dict(action.choices)


def _options(parser: argparse.ArgumentParser) -> List[str]:
    return [name for one in parser._actions for name in one.option_strings]


def _choices(parser: argparse.ArgumentParser, option: str) -> List[str]:
    action = next((one for one in parser._actions if option in one.option_strings), None)
    return [str(choice) for choice in action.choices or []] if action is not None else []
