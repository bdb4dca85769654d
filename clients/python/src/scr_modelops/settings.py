"""Where the service is and who is calling: from arguments, else from the environment."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Mapping, Optional, Union
from urllib.parse import urlsplit

from .errors import SettingsError

Token = Union[str, Callable[[], str], None]

# SAS Viya puts the token of its session into the environment of Python.
_TOKEN_VARIABLES = ("SCR_MODELOPS_TOKEN", "SAS_SERVICES_TOKEN", "SAS_CLIENT_TOKEN")
_CA_VARIABLES = ("SCR_MODELOPS_CA", "SSLCALISTLOC", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Settings:
    """`url` has no slash at its end; `token` is asked for each call, since tokens are renewed."""

    url: str
    token: Callable[[], Optional[str]]
    tls: Optional[ssl.SSLContext]

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""


def settings_of(
    url: Optional[str] = None,
    token: Token = None,
    ca: Optional[str] = None,
    env: Mapping[str, str] = os.environ,
) -> Settings:
    """Arguments go before the environment: SCR_MODELOPS_URL, SCR_MODELOPS_TOKEN (or _TOKEN_FILE, or
    SAS Viya's own SAS_SERVICES_TOKEN, SAS_CLIENT_TOKEN) and SCR_MODELOPS_CA (a file of PEM
    certificates; also SSLCALISTLOC, SSL_CERT_FILE).

    Raises SettingsError for no URL or one that is none.
    """
    where = (url or env.get("SCR_MODELOPS_URL") or "").rstrip("/")
    if not where:
        raise SettingsError(
            "the service's address is not known",
            'give it, Client("http://…"), or set the environment variable SCR_MODELOPS_URL',
        )
    try:
        parts = urlsplit(where)
        is_url = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if not is_url or parts.query or parts.fragment or parts.username is not None:
        raise SettingsError(
            f"{where!r} is not the address of a service",
            "give one like http://127.0.0.1:8080 or https://scr.example.com/base",
        )
    return Settings(where, _token_source(token, env), _tls(parts.scheme, ca, env))


def _token_source(token: Token, env: Mapping[str, str]) -> Callable[[], Optional[str]]:
    if callable(token):
        return lambda: _printable(token())
    if token is not None:
        return lambda: _printable(token)
    file = env.get("SCR_MODELOPS_TOKEN_FILE")
    if file and not env.get("SCR_MODELOPS_TOKEN"):
        return lambda: _printable(_read(Path(file)))
    found = next((env[name] for name in _TOKEN_VARIABLES if env.get(name)), None)
    return lambda: _printable(found)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii")
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"the token can't be read: {error}", "correct SCR_MODELOPS_TOKEN_FILE"
        ) from None


def _printable(token: Optional[str]) -> Optional[str]:
    """A token as it may stand in a header; never shown, not even in the error."""
    stripped = (token or "").strip()
    if not all("!" <= letter <= "~" for letter in stripped):
        raise SettingsError(
            "the token has characters that no token has", "give it without blanks or line ends"
        )
    return stripped or None


def _tls(scheme: str, ca: Optional[str], env: Mapping[str, str]) -> Optional[ssl.SSLContext]:
    if scheme != "https":
        return None
    file = ca or next((env[name] for name in _CA_VARIABLES if env.get(name)), None)
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:
        raise SettingsError(
            f"the certificates in {file} can't be read: {error}", "name a file of PEM certificates"
        ) from None
