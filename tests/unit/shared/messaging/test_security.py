"""Credentials must match the security protocol; errors name the variable."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.messaging.client.connection import connection
from shared.messaging.client.settings import MessagingSettings
from shared.settings import InvalidSettings, from_environment
from tests.support.certificates import Authority

LOGIN = {"kafka_user": "ada", "kafka_password": "swordfish"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kafka_security": "sasl_ssl"}, "KAFKA_USER"),
        ({"kafka_security": "sasl_ssl", "kafka_user": "ada"}, "KAFKA_PASSWORD"),
        (LOGIN, "does not use it"),
        ({"kafka_security": "ssl", **LOGIN}, "does not use it"),
        ({"kafka_ca": "ca.pem"}, "does not use it"),
        ({"kafka_security": "sasl_plaintext", **LOGIN, "kafka_certificate": "c"}, "CERTIFICATE"),
        ({"kafka_security": "tls"}, "sasl_ssl"),
        (
            {"kafka_security": "sasl_ssl", **LOGIN, "kafka_sasl_mechanism": "GSSAPI"},
            "SCRAM-SHA-512",
        ),
    ],
)
def test_credentials_that_the_protocol_does_not_use_are_refused(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        MessagingSettings.model_validate(fields)


def test_a_password_appears_in_no_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFERSTREAM_KAFKA_PASSWORD", "swordfish")
    with pytest.raises(InvalidSettings) as wrong:
        from_environment(MessagingSettings)
    assert "PREFERSTREAM_KAFKA_PASSWORD" in str(wrong.value)
    assert "swordfish" not in str(wrong.value)
    settings = MessagingSettings.model_validate({"kafka_security": "sasl_ssl", **LOGIN})
    assert "swordfish" not in repr(settings) + settings.model_dump_json()


def test_a_plaintext_connection_has_no_credentials() -> None:
    options = connection(MessagingSettings(kafka_bootstrap_servers="a:1,b:2"))
    assert options == {"bootstrap_servers": ["a:1", "b:2"], "security_protocol": "PLAINTEXT"}


def test_a_key_with_a_password_is_opened_and_a_missing_password_does_not_prompt(
    tmp_path: Path,
) -> None:
    certified = Authority(tmp_path / "ours").certify("an app", password="open sesame")
    fields = {
        "kafka_security": "ssl", "kafka_certificate": certified.certificate,
        "kafka_key": certified.key,
    }  # fmt: skip
    opened = MessagingSettings.model_validate({**fields, "kafka_key_password": "open sesame"})
    assert connection(opened)["ssl_context"].check_hostname
    with pytest.raises(InvalidSettings, match="PREFERSTREAM_KAFKA_CERTIFICATE"):
        connection(MessagingSettings.model_validate(fields))


def test_a_missing_file_of_authorities_is_named(tmp_path: Path) -> None:
    fields = {"kafka_security": "ssl", "kafka_ca": tmp_path / "nothing.pem"}
    with pytest.raises(InvalidSettings, match="PREFERSTREAM_KAFKA_CA"):
        connection(MessagingSettings.model_validate(fields))
