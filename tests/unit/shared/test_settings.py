"""Settings come from the environment; an error names the variable."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, PositiveFloat, SecretStr, model_validator

from shared.settings import InvalidSettings, from_environment


class Example(BaseModel):
    """An example."""

    model_config = ConfigDict(frozen=True)

    folder: Path = Path("here")
    """A folder."""
    roots: tuple[str, ...] = ()
    """Several values."""
    wait_seconds: PositiveFloat = 2.0
    """A duration."""


@pytest.fixture(autouse=True)
def _no_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_variables_the_defaults_apply() -> None:
    assert from_environment(Example) == Example()


def test_a_variable_overrides_the_file_and_a_fixed_value_overrides_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("PREFERSTREAM_WAIT_SECONDS=3\nPREFERSTREAM_FOLDER=from-file\n")
    monkeypatch.setenv("PREFERSTREAM_WAIT_SECONDS", "4")
    assert from_environment(Example).wait_seconds == 4
    assert from_environment(Example).folder == Path("from-file")
    assert from_environment(Example, wait_seconds=5).wait_seconds == 5


def test_several_values_are_separated_by_colons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_ROOTS", "/a:/b")
    assert from_environment(Example).roots == ("/a", "/b")


def test_an_error_names_the_variable_and_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_WAIT_SECONDS", "soon")
    with pytest.raises(InvalidSettings, match=r"PREFERSTREAM_WAIT_SECONDS.*'soon'"):
        from_environment(Example)


class NamedModel(BaseModel):
    model: str = "ours"


def test_a_setting_may_be_called_model() -> None:
    assert from_environment(NamedModel, model="mine").model == "mine"


class WithSecret(BaseModel):
    """A secret setting, and the name that it needs."""

    key: SecretStr | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _key_has_a_name(self) -> "WithSecret":
        if self.key is not None and self.name is None:
            raise ValueError("a key needs a name")
        return self


def test_an_error_does_not_repeat_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_KEY", "swordfish")
    with pytest.raises(InvalidSettings) as error:
        from_environment(WithSecret)
    assert str(error.value) == "a key needs a name"
    assert error.value.__cause__ is None
    assert "swordfish" not in repr(from_environment(WithSecret, name="n"))
