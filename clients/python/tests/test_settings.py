from __future__ import annotations

from pathlib import Path

import pytest

from scr_modelops import SettingsError
from scr_modelops.settings import settings_of

URL = {"SCR_MODELOPS_URL": "http://scr.example.com:8080/"}


def test_arguments_go_before_the_environment() -> None:
    settings = settings_of("http://other/base/", "mine", env={**URL, "SCR_MODELOPS_TOKEN": "env"})
    assert (settings.url, settings.token()) == ("http://other/base", "mine")


def test_viyas_token_is_found_where_there_is_no_own() -> None:
    env = {**URL, "SAS_SERVICES_TOKEN": "viya"}
    assert settings_of(env=env).token() == "viya"
    assert settings_of(env={**env, "SCR_MODELOPS_TOKEN": "own"}).token() == "own"


def test_a_tokens_file_is_read_for_each_call(tmp_path: Path) -> None:
    file = tmp_path / "token"
    settings = settings_of(env={**URL, "SCR_MODELOPS_TOKEN_FILE": str(file)})
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        assert settings.token() == token


def test_a_token_that_is_none_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError) as raised:
        settings_of(token="se cret", env=URL).token()
    assert "se cret" not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["", "scr.example.com", "ftp://x", "http://", "http://a:b@c", "http://x:99999"]
)
def test_an_address_that_is_none_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingsError, match="http://"):
        settings_of(url, env={})
