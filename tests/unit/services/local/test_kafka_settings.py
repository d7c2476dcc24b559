"""The broker is told to stay on this machine and to stay small."""

from pathlib import Path

from services.local.kafka.java import last_lines
from services.local.kafka.lock import in_use
from services.local.kafka.ports import Ports
from services.local.kafka.settings import java_command, server_properties
from services.local.kafka.storage import read_properties
from shared.events.topics import MAX_RECORD_BYTES

TOLD = read_properties(server_properties(ports=Ports(20_001, 20_002), records="records"))


def test_it_listens_on_this_machine_only() -> None:
    assert TOLD["listeners"] == "PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20002"
    assert TOLD["advertised.listeners"] == "PLAINTEXT://127.0.0.1:20001"


def test_topics_are_never_made_by_accident_and_our_largest_record_fits() -> None:
    assert TOLD["auto.create.topics.enable"] == "false"
    assert int(TOLD["message.max.bytes"]) == MAX_RECORD_BYTES


def test_the_main_class_and_its_arguments_come_last() -> None:
    command = java_command(Path("java"), [Path("a.jar"), Path("b.jar")], "kafka.Kafka", ["x"])
    assert command[0] == "java"
    assert command[-4:] == ["-cp", "a.jar:b.jar", "kafka.Kafka", "x"]


def test_the_end_of_a_log_shows_causes_and_not_stack_frames() -> None:
    log = "\n".join(["ERROR it failed", *["\tat a.b.C"] * 50, "Caused by: no disk", ""])
    assert last_lines(log) == "  ERROR it failed\n  Caused by: no disk"


def test_a_folder_in_use_names_the_holder_and_the_way_out() -> None:
    said = in_use(Path("data"), 4711)
    assert "process 4711" in said
    assert "kill 4711" in said
    assert "another data folder" in said
