"""Settings come from the environment; what is not understood is refused, what is secret is not shown."""

import pytest
from typer.testing import CliRunner

from vcci import settings
from vcci.cli import app
from vcci.errors import ConfigurationError


def test_unset_settings_have_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    current = settings.load()
    assert (current.database_url, current.tenant, current.max_columns) == (None, "local", 500)


def test_misspelt_setting_is_refused_with_the_right_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VCCI_TENNANT", "acme")
    with pytest.raises(ConfigurationError, match="Did you mean VCCI_TENANT"):
        settings.load()


@pytest.mark.parametrize(
    ("name", "value"), [("VCCI_MAX_ROWS", "many"), ("VCCI_MAX_ROWS", "0"), ("VCCI_TENANT", "A b")]
)
def test_value_that_cannot_be_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name) as refused:
        settings.load()
    assert refused.value.code == "setting_invalid"


def test_printed_settings_hide_the_database_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hunter2@host/db")
    shown = CliRunner().invoke(app, ["settings"])
    assert "DATABASE_URL=(set)" in shown.output
    assert "hunter2" not in shown.output + repr(settings.load())
