"""Tokens are known by their hashes; rate limits refill over time."""

import tomllib
from pathlib import Path

import pytest

from services.ops.app import build_app
from services.ops.auth.rate_limits import Bucket, take_token
from services.ops.auth.roles import Principal, Role
from services.ops.auth.tokens import new_token, read_tokens
from services.ops.config import OpsSettings
from services.ops.context import Stores
from shared.messaging.client.settings import MessagingSettings
from shared.settings import InvalidSettings
from tests.fakes.images import ColorImages
from tests.fakes.stores import InMemoryImages, InMemoryProfiles, InMemoryUsers

PROFILES = InMemoryProfiles()
STORES = Stores(PROFILES, InMemoryUsers(PROFILES), InMemoryImages(), ColorImages())


def test_a_new_token_is_valid_with_the_lines_printed_for_it(tmp_path: Path) -> None:
    token, lines = new_token('shop\'s "own" \\', Role.WRITE, "gallery")
    file = tmp_path / "tokens.toml"
    file.write_text(lines)
    tokens = read_tokens(file)
    assert token not in lines
    assert tokens.holder(token) == Principal('shop\'s "own" \\', Role.WRITE, "gallery")
    assert tokens.holder(token + "x") is None
    assert tokens.holder("\ud800") is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "token"),
        ("[[token", "TOML"),
        ('[[token]]\nname = "a"\nrole = "admin"\nsha256 = "hunter2"', "token.0.role"),
        ('[[token]]\nname = "a"\nrole = "read"\nsha256 = "hunter2"', "sha256"),
        ('[[token]]\nname = "a"\nrole = "read"\nkind = 1\nsha256 = "hunter2"', "token.0"),
    ],
)
def test_an_invalid_file_is_rejected_without_repeating_its_content(
    tmp_path: Path, text: str, named: str
) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text(text)
    with pytest.raises(InvalidSettings) as refused:
        read_tokens(file)
    assert named in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_two_tokens_with_the_same_name_are_rejected(tmp_path: Path) -> None:
    file = tmp_path / "tokens.toml"
    file.write_text("\n".join(new_token("shop", Role.READ, None)[1] for _ in range(2)))
    with pytest.raises(InvalidSettings, match="shop twice"):
        read_tokens(file)


def test_the_printed_lines_of_a_new_token_are_toml() -> None:
    parsed = tomllib.loads(new_token("shop", Role.READ, None)[1])["token"][0]
    assert set(parsed) == {"name", "role", "sha256"}


async def test_a_service_for_other_machines_does_not_start_without_tokens() -> None:
    with pytest.raises(InvalidSettings, match="PREFERSTREAM_OPS_TOKENS"):
        await build_app(OpsSettings(ops_host="0.0.0.0"), MessagingSettings(), STORES)


def test_a_higher_role_includes_the_lower_ones() -> None:
    assert Role.OPERATE.includes(Role.READ)
    assert not Role.READ.includes(Role.WRITE)


def test_a_token_bucket_empties_with_requests_and_fills_over_time() -> None:
    bucket, wait = take_token(Bucket(1, 0.0), 0.0, per_second=2, burst=3)
    assert (bucket, wait) == (Bucket(0, 0.0), 0.0)
    assert take_token(bucket, 0.25, per_second=2, burst=3) == (Bucket(0.5, 0.25), 0.25)
    assert take_token(bucket, 60.0, per_second=2, burst=3) == (Bucket(2, 60.0), 0.0)
