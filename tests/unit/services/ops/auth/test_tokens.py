"""Tokens by their hashes, and limits by the second."""

import tomllib
from pathlib import Path

import pytest

from services.ops.app import build
from services.ops.auth.rate_limits import Bucket, taken
from services.ops.auth.roles import Principal, Role
from services.ops.auth.tokens import drawn, read_tokens
from services.ops.config import OpsSettings
from services.ops.context import Stores
from shared.messaging.client.settings import MessagingSettings
from shared.settings import WrongSettings
from tests.fakes.images import DrawnImages
from tests.fakes.stores import InMemoryImages, InMemoryPeople, InMemoryProfiles

PROFILES = InMemoryProfiles()
STORES = Stores(PROFILES, InMemoryPeople(PROFILES), InMemoryImages(), DrawnImages())


def test_a_drawn_token_is_known_by_the_lines_that_come_with_it(tmp_path: Path) -> None:
    token, lines = drawn('shop\'s "own" \\', Role.WRITE, "gallery")
    file = tmp_path / "tokens.toml"
    file.write_text(lines)
    tokens = read_tokens(file)
    assert token not in lines
    assert tokens.holder(token) == Principal('shop\'s "own" \\', Role.WRITE, "gallery")
    assert tokens.holder(token + "x") is None
    assert tokens.holder("\ud800") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "token"),
        ("[[token", "TOML"),
        ('[[token]]\nname = "a"\nrole = "admin"\nsha256 = "hunter2"', "token.0.role"),
        ('[[token]]\nname = "a"\nrole = "read"\nsha256 = "hunter2"', "sha256"),
        ('[[token]]\nname = "a"\nrole = "read"\nkind = 1\nsha256 = "hunter2"', "token.0"),
    ],
)
def test_a_bad_file_is_refused_without_repeating_what_it_says(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(text)
    with pytest.raises(WrongSettings) as refused:
        read_tokens(file)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_two_tokens_of_one_name_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text("\n".join(drawn("shop", Role.READ, None)[1] for _ in range(2)))
    with pytest.raises(WrongSettings, match="shop twice"):
        read_tokens(file)


def test_the_lines_are_toml() -> None:
    parsed = tomllib.loads(drawn("shop", Role.READ, None)[1])["token"][0]
    assert set(parsed) == {"name", "role", "sha256"}


async def test_other_machines_are_not_served_without_tokens() -> None:
    with pytest.raises(WrongSettings, match="PREFERSTREAM_OPS_TOKENS"):
        await build(OpsSettings(ops_host="0.0.0.0"), MessagingSettings(), STORES)


def test_a_larger_role_includes_the_smaller() -> None:
    assert Role.OPERATE.includes(Role.READ)
    assert not Role.READ.includes(Role.WRITE)


def test_a_bucket_empties_and_fills() -> None:
    bucket, wait = taken(Bucket(1, 0.0), 0.0, per_second=2, burst=3)
    assert (bucket, wait) == (Bucket(0, 0.0), 0.0)
    assert taken(bucket, 0.25, per_second=2, burst=3) == (Bucket(0.5, 0.25), 0.25)
    assert taken(bucket, 60.0, per_second=2, burst=3) == (Bucket(2, 60.0), 0.0)
