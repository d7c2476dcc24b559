"""Proofs and security belong together, and what cannot be used is said by its variable."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.messaging.client.connection import connection
from shared.messaging.client.settings import MessagingSettings
from shared.settings import WrongSettings, from_environment
from tests.integration.messaging.certificates import Authority

LOGIN = {"kafka_user": "ada", "kafka_password": "swordfish"}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kafka_security": "sasl_ssl"}, "KAFKA_USER"),
        ({"kafka_security": "sasl_ssl", "kafka_user": "ada"}, "KAFKA_PASSWORD"),
        (LOGIN, "would not be used"),
        ({"kafka_security": "ssl", **LOGIN}, "would not be used"),
        ({"kafka_ca": "ca.pem"}, "would not be used"),
        ({"kafka_security": "sasl_plaintext", **LOGIN, "kafka_certificate": "c"}, "CERTIFICATE"),
        ({"kafka_security": "tls"}, "sasl_ssl"),
        ({"kafka_security": "sasl_ssl", **LOGIN, "kafka_sasl": "GSSAPI"}, "SCRAM-SHA-512"),
    ],
)
def test_proofs_that_would_not_be_used_are_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        MessagingSettings.model_validate(fields)


def test_a_password_is_told_to_no_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PREFERSTREAM_KAFKA_PASSWORD", "swordfish")
    with pytest.raises(WrongSettings) as wrong:
        from_environment(MessagingSettings)
    assert "PREFERSTREAM_KAFKA_PASSWORD" in str(wrong.value)
    assert "swordfish" not in str(wrong.value)
    settings = MessagingSettings.model_validate({"kafka_security": "sasl_ssl", **LOGIN})
    assert "swordfish" not in repr(settings) + settings.model_dump_json()


def test_without_security_nothing_is_proved() -> None:
    told = connection(MessagingSettings(kafka="a:1,b:2"))
    assert told == {"bootstrap_servers": ["a:1", "b:2"], "security_protocol": "PLAINTEXT"}


def test_a_key_with_a_password_is_opened_and_without_it_nobody_is_asked(tmp_path: Path) -> None:
    certified = Authority(tmp_path / "ours").certify("an app", password="open sesame")
    told = {
        "kafka_security": "ssl", "kafka_certificate": certified.certificate,
        "kafka_key": certified.key,
    }  # fmt: skip
    opened = MessagingSettings.model_validate({**told, "kafka_key_password": "open sesame"})
    assert connection(opened)["ssl_context"].check_hostname
    with pytest.raises(WrongSettings, match="PREFERSTREAM_KAFKA_CERTIFICATE"):
        connection(MessagingSettings.model_validate(told))


def test_a_file_without_authorities_is_named(tmp_path: Path) -> None:
    told = {"kafka_security": "ssl", "kafka_ca": tmp_path / "nothing.pem"}
    with pytest.raises(WrongSettings, match="PREFERSTREAM_KAFKA_CA"):
        connection(MessagingSettings.model_validate(told))
