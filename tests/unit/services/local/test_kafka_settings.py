"""The broker listens on this machine only, and its messages name causes and what to do."""

from pathlib import Path

from services.local.kafka.java import last_lines
from services.local.kafka.lock import in_use_message
from services.local.kafka.ports import Ports
from services.local.kafka.settings import java_command, server_properties
from services.local.kafka.storage import read_properties
from shared.events.topics import MAX_RECORD_BYTES

PROPERTIES = read_properties(server_properties(ports=Ports(20_001, 20_002), records="records"))


def test_the_broker_listens_on_this_machine_only() -> None:
    assert PROPERTIES["listeners"] == "PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20002"
    assert PROPERTIES["advertised.listeners"] == "PLAINTEXT://127.0.0.1:20001"


def test_topics_are_not_created_automatically_and_the_largest_record_fits() -> None:
    assert PROPERTIES["auto.create.topics.enable"] == "false"
    assert int(PROPERTIES["message.max.bytes"]) == MAX_RECORD_BYTES


def test_the_main_class_and_its_arguments_come_last() -> None:
    jars = [Path("a.jar"), Path("b.jar")]
    command = java_command(Path("java"), jars, "kafka.Kafka", ["x"], options=["-XX:+Option"])
    assert command[0] == "java"
    assert command[-5:] == ["-XX:+Option", "-cp", "a.jar:b.jar", "kafka.Kafka", "x"]


def test_the_end_of_a_log_shows_causes_without_stack_frames() -> None:
    log = "\n".join(["ERROR it failed", *["\tat a.b.C"] * 50, "Caused by: no disk", ""])
    assert last_lines(log) == "  ERROR it failed\n  Caused by: no disk"


def test_the_error_for_a_folder_in_use_names_its_process_and_what_to_do() -> None:
    message = in_use_message(Path("data"), 4711)
    assert "process 4711" in message
    assert "kill 4711" in message
    assert "another data folder" in message
