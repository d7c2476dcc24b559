"""Settings come from the environment, and what is wrong with them is said by name."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, PositiveFloat, SecretStr, model_validator

from shared.settings import InvalidSettings, from_environment


class Example(BaseModel):
    """An example."""

    model_config = ConfigDict(frozen=True)

    folder: Path = Path("here")
    """Where it lies."""
    roots: tuple[str, ...] = ()
    """Several."""
    wait_seconds: PositiveFloat = 2.0
    """How long."""


@pytest.fixture(autouse=True)
def _no_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_hold_where_nothing_is_set() -> None:
    assert from_environment(Example) == Example()


def test_a_variable_wins_over_the_file_and_a_fixed_value_over_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text("PREFERSTREAM_WAIT_SECONDS=3\nPREFERSTREAM_FOLDER=from-file\n")
    monkeypatch.setenv("PREFERSTREAM_WAIT_SECONDS", "4")
    assert from_environment(Example).wait_seconds == 4
    assert from_environment(Example).folder == Path("from-file")
    assert from_environment(Example, wait_seconds=5).wait_seconds == 5


def test_several_values_stand_between_colons(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_ROOTS", "/a:/b")
    assert from_environment(Example).roots == ("/a", "/b")


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_WAIT_SECONDS", "soon")
    with pytest.raises(InvalidSettings, match=r"PREFERSTREAM_WAIT_SECONDS.*'soon'"):
        from_environment(Example)


class NamedModel(BaseModel):
    model: str = "ours"


def test_a_setting_may_be_called_model() -> None:
    assert from_environment(NamedModel, model="mine").model == "mine"


class WithSecret(BaseModel):
    """A setting that nobody else should read, and one that belongs to it."""

    key: SecretStr | None = None
    name: str | None = None

    @model_validator(mode="after")
    def _key_has_a_name(self) -> "WithSecret":
        if self.key is not None and self.name is None:
            raise ValueError("a key needs a name")
        return self


def test_a_secret_is_not_repeated_by_what_is_said_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFERSTREAM_KEY", "swordfish")
    with pytest.raises(InvalidSettings) as wrong:
        from_environment(WithSecret)
    assert str(wrong.value) == "a key needs a name"
    assert wrong.value.__cause__ is None
    assert "swordfish" not in repr(from_environment(WithSecret, name="n"))
