"""The list of settings is complete: every setting has a description."""

from services.cli.reference.all_settings import GROUPS, env_example


def test_every_setting_has_a_description() -> None:
    missing = [
        f"{group.__name__}.{name}"
        for _, group in GROUPS
        for name, field in group.model_fields.items()
        if not field.description
    ]
    assert not missing, f"write a docstring under these fields: {missing}"


def test_the_docstring_under_a_field_is_its_description() -> None:
    text = env_example()
    assert (
        "# Folder of all state: Kafka's log, profiles, lake, and the file with the addresses."
        in text
    )
    assert "# PREFERSTREAM_DATA_DIR=.data\n" in text
