"""A rules file is read with the line and the field of each error, and followed while it changes."""

import os
import re
from pathlib import Path

import pytest

from services.assessor.rules.policy_file import (
    LOOK_SECONDS,
    FollowedRules,
    InvalidRules,
    open_rules,
    parse_rules,
    read_rules,
)
from tests.support.project_root import PROJECT_ROOT

VALID = """
version = "2026-spring"

[[tenants.gallery.pins]]
name = "campaign"
image_id = "hero"
place = 1

[[tenants.gallery.caps]]
name = "two of an author"
each_author = true
most = 2

[[tenants.gallery.boosts]]
name = "sale"
points = 0.5
when = { metadata = [{ key = "sale", equals = true }] }

[[tenants.gallery.boosts]]
name = "fresh"
points = 1
[tenants.gallery.boosts.when]
created_after = 2026-03-01T00:00:00Z
"""


def rules(text: str) -> None:
    parse_rules(text.encode(), name="rules.toml")


def test_rules_hold_for_their_tenant_alone() -> None:
    parsed = parse_rules(VALID.encode(), name="rules.toml")
    assert parsed.of_tenant("gallery").names == (
        "campaign", "two of an author", "sale", "fresh",
    )  # fmt: skip
    assert parsed.of_tenant("default").names == ()
    assert parsed.shown("default") is None
    shown = parsed.shown("gallery")
    assert shown is not None
    assert (shown.version, shown.digest) == ("2026-spring", parsed.digest)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            VALID.replace("place = 1", "plaec = 1"),
            r"rules.toml, line 7: tenants\.gallery\.pins\[1\]\.plaec: no such field",
        ),
        (VALID.replace("place = 1", "place = 0"), r"line 7: .*place: .*greater than or equal to 1"),
        (VALID.replace("points = 0.5", "points = 90"), r"line 16: .*boosts\[1\]\.points: .*25"),
        (VALID.replace("points = 0.5", "points = 0"), r"line 14: .*0 points changes no order"),
        (VALID.replace("equals = true", "is = true"), r"line 17: .*\.is: no such field"),
        (VALID.replace('"two of an author"', '"sale"'), "2 rules have the name .sale.; use"),
        (VALID.replace("most = 2", 'most = 2\ntag = "x"'), r"line 9: .*exactly one of tag"),
        ("verion = 1", r"rules.toml, line 1: verion: no such field"),
        ("[tenants.a]\npins = 3", r"line 2: tenants\.a\.pins: Input should be a valid"),
        ("[tenants.a", "not valid TOML: "),
        ("tenants = { a = { boosts = [{ name = 'n', points = 1, when = {} }] } }", "all images"),
        ("version = 07:32:00", "is no value of a rule"),
    ],
)  # fmt: skip
def test_an_error_names_line_field_and_remedy(text: str, message: str) -> None:
    with pytest.raises(InvalidRules, match=message):
        rules(text)


def test_all_errors_of_a_file_are_listed() -> None:
    with pytest.raises(InvalidRules) as caught:
        rules(VALID.replace("place = 1", "place = 0").replace("points = 0.5", "points = 90"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_is_not_text_is_invalid() -> None:
    with pytest.raises(InvalidRules, match="not valid TOML"):
        parse_rules(b"\xff\xfe", name="rules.toml")


def test_a_missing_file_names_the_setting() -> None:
    with pytest.raises(InvalidRules, match="PREFERSTREAM_RULES_FILE"):
        read_rules(Path("/nowhere/rules.toml"))


def test_without_a_setting_there_are_no_rules() -> None:
    assert open_rules(None).current().shown("default") is None


def test_a_changed_file_counts_without_a_restart(tmp_path: Path) -> None:
    now, path = [0.0], tmp_path / "rules.toml"
    path.write_text("")
    followed = FollowedRules(path, monotonic=lambda: now[0])
    path.write_text(VALID)
    assert followed.current().shown("gallery") is None
    now[0] += LOOK_SECONDS
    assert followed.current().shown("gallery") is not None


def test_a_damaged_change_leaves_the_rules_before_it(tmp_path: Path) -> None:
    now, path = [0.0], tmp_path / "rules.toml"
    path.write_text(VALID)
    followed = FollowedRules(path, monotonic=lambda: now[0])
    for damage in ("[", None):
        if damage is None:
            os.unlink(path)
        else:
            path.write_text(damage)
        now[0] += LOOK_SECONDS
        assert followed.current().shown("gallery") is not None


def test_the_example_of_the_documentation_is_valid() -> None:
    readme = (PROJECT_ROOT / "services/assessor/README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    parsed = parse_rules(example.encode(), name="README.md")
    assert parsed.of_tenant("default").names == ("campaign", "two advertisements", "on sale")
