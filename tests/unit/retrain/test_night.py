"""However a night goes, a champion serves, there is a line that says why, and it comes once."""

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from services.retrain.app import collector
from services.retrain.collect import Problem
from services.retrain.config import RetrainSettings
from services.retrain.night_app import NightWiring, night_jobs
from services.retrain.night_folders import NightFolders
from services.retrain.night_lock import night_lock
from services.retrain.night_metrics import NightMetrics
from services.retrain.night_parts import SCHEDULED, NightPlan, scheduled
from services.retrain.night_settings import NightSettings
from services.retrain.night_training import NightCrashed, NightStopped, TrainApart
from services.retrain.registry_settings import RegistrySettings
from services.retrain.schedule import Job
from shared.clock import system_clock
from shared.errors import Unavailable
from shared.messaging.settings import MessagingSettings
from shared.vlm.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings
from tests.unit.retrain.nights import NO_SIGNAL, Nights
from tests.unit.retrain.test_promotion import RELEASE

TONIGHT = NightPlan(name="night-2026-01-31")


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def _value(nights: Nights, name: str, **labels: str) -> float:
    return nights.metrics.get_sample_value(name, labels) or 0.0


def _unfinished(nights: Nights) -> bool:
    folders = NightFolders(nights.settings.nights)
    return folders.unfinished(SCHEDULED, now=nights.clock.now) is not None


def _lines(nights: Nights) -> list[dict[str, str]]:
    told = (nights.tmp_path / "models" / "nights.jsonl").read_text().splitlines()
    return [json.loads(line) for line in told]


def test_a_winner_takes_over_and_the_night_is_told_of(nights: Nights) -> None:
    end = nights.night().run(TONIGHT)
    assert (end.verdict, nights.announced) == ("promoted", ["nano-4"])
    assert nights.training.request.champion.version == RELEASE.version
    assert [line["night"] for line in _lines(nights)] == ["night-2026-01-31"]
    assert _value(nights, "preferstream_nights_total", verdict="promoted", code="better") == 1
    assert _value(nights, "preferstream_night_last_end_timestamp_seconds", verdict="promoted") > 0
    assert (
        _value(nights, "preferstream_night_heartbeat_timestamp_seconds")
        == nights.clock.now.timestamp()
    )
    assert _value(nights, "preferstream_night_running") == 0


def test_a_loser_changes_nothing(nights: Nights) -> None:
    nights.verdict = NO_SIGNAL
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.announced) == ("kept", "no_signal", [])


def test_too_little_data_is_said_as_it_is(nights: Nights) -> None:
    nights.answers(reason="there is too little data")
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code) == ("kept", "too_little_data")
    assert end.reason == "The champion keeps serving, because there is too little data."


def test_one_day_has_one_night_also_when_the_clock_jumps(nights: Nights) -> None:
    nights.night().run(scheduled(nights.clock.now, begins="02:30"))
    nights.clock.now += timedelta(minutes=20)
    again = nights.night().run(scheduled(nights.clock.now, begins="02:30"))
    assert (again.verdict, again.code, len(nights.training.folders)) == ("skipped", "done", 1)
    assert _value(nights, "preferstream_nights_skipped_total") == 1


def test_the_night_of_a_day_keeps_its_name_past_midnight_and_when_woken_early() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    late = datetime(2026, 2, 1, 0, 10, tzinfo=berlin)
    assert scheduled(late, begins="23:50").name == "night-2026-01-31"
    early = datetime(2026, 1, 31, 2, 29, 59, tzinfo=berlin)
    assert scheduled(early, begins="02:30").name == "night-2026-01-31"


def test_of_two_instances_one_runs_the_night(nights: Nights) -> None:
    other = []
    nights.training.does = lambda: other.append(nights.night().run(TONIGHT))
    assert nights.night().run(TONIGHT).verdict == "promoted"
    assert (other[0].verdict, other[0].code) == ("skipped", "held")
    assert "one night runs at a time" in other[0].reason
    assert len(_lines(nights)) == 1


def test_a_lock_ends_with_its_holder(tmp_path: Path) -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    with pytest.raises(RuntimeError), night_lock(tmp_path, now=now):
        raise RuntimeError
    with night_lock(tmp_path, now=now):
        pass


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (NightCrashed("the training was killed by SIGKILL; it said: nothing"), "crash", "SIGKILL"),
        (Unavailable("kafka", "no broker"), "kafka", "no broker"),
        (OSError(28, "No space left on device", "/data/x"), "machine", "No space left on device"),
        (RuntimeError("a bug"), "crash", "RuntimeError: a bug"),
    ],
)
def test_whatever_fails_the_champion_stays_and_the_reason_is_kept(
    nights: Nights, error: Exception, code: str, told: str
) -> None:
    def fail() -> None:
        raise error

    nights.training.does = fail
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.announced) == ("kept", code, [])
    assert told in end.reason
    assert _lines(nights)[-1]["reason"] == end.reason
    assert nights.night().run(TONIGHT).verdict == "skipped"


def test_without_the_latest_clicks_nothing_is_trained(nights: Nights) -> None:
    nights.problems = (Problem("feedback", "lake_broken", "the Delta table cannot be used"),)
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.training.folders) == ("kept", "collect", [])
    assert "the Delta table cannot be used" in end.reason


def test_without_mlflow_a_winner_waits(nights: Nights) -> None:
    nights.world.registry.away = True
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.announced) == ("kept", "not_announced", [])
    assert "MLflow does not answer" in end.reason


def test_without_kafka_nothing_is_begun(nights: Nights) -> None:
    nights.world.topic.away = True
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.training.folders) == ("kept", "kafka", [])


def test_a_full_disk_of_the_registry_is_told(nights: Nights) -> None:
    models = nights.tmp_path / "models"
    (models / "night.lock").mkdir()
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code) == ("kept", "registry")


def test_a_challenger_that_was_cut_off_is_not_promoted(nights: Nights) -> None:
    broken = nights.tmp_path / "broken"
    broken.mkdir()
    (broken / "adapter_config.json").write_text("{}")
    nights.answers(
        code="trained", challenger={"folder": broken, "version": "nano-4", "kind": "adapter"},
        evidence=broken / "evidence.json", base_version=RELEASE.version,
    )  # fmt: skip
    end = nights.night().run(TONIGHT)
    assert (end.verdict, nights.announced) == ("kept", [])
    assert "adapter_model.safetensors" in end.reason


def test_a_challenger_held_against_yesterdays_champion_is_not_promoted(nights: Nights) -> None:
    nights.training.does = lambda: None if nights.announced else _promote(nights, "nano-2")
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.announced) == ("kept", "champion", ["nano-2"])
    assert "held against the wrong one" in end.reason


def _promote(nights: Nights, version: str) -> None:
    nights.world.promoter.promote(version, reason="by hand")


def test_a_champion_whose_files_are_broken_is_named_and_goes_on_serving(nights: Nights) -> None:
    _promote(nights, "nano-2")
    folder = nights.world.folders.find("nano-2").folder
    (folder / "adapter_model.safetensors").write_bytes(b"torn")
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.code, nights.training.folders) == ("kept", "champion", [])
    assert "adapter_model.safetensors" in end.reason
    assert nights.announced == ["nano-2"]


class Killed(BaseException):
    """As SIGKILL: nothing of ours runs after it."""


def test_a_killed_night_goes_on_in_its_own_folder_with_its_own_request(nights: Nights) -> None:
    def die() -> None:
        raise Killed

    nights.training.does = die
    with pytest.raises(Killed):
        nights.night().run(TONIGHT)
    nights.clock.now += timedelta(hours=3)
    assert _unfinished(nights)
    nights.training.does = lambda: None
    end = nights.night().run(TONIGHT)
    assert (end.verdict, len(set(nights.training.folders))) == ("promoted", 1)
    assert nights.training.request.asked_at == nights.clock.now - timedelta(hours=3)
    assert not _unfinished(nights)


def test_a_night_killed_after_it_was_announced_is_told_of_once(nights: Nights) -> None:
    nights.night().run(TONIGHT)
    (nights.tmp_path / "nights" / "night-2026-01-31" / "end.json").unlink()
    end = nights.night().run(TONIGHT)
    assert (end.verdict, end.version, nights.announced) == ("promoted", "nano-4", ["nano-4"])


def test_a_night_killed_before_it_was_announced_is_announced(nights: Nights) -> None:
    announce = nights.world.topic.publish

    def die(event: object) -> None:
        raise Killed

    nights.world.topic.publish = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        nights.night().run(TONIGHT)
    nights.world.topic.publish = announce  # type: ignore[method-assign]
    end = nights.night().run(TONIGHT)
    assert (end.verdict, nights.announced) == ("promoted", ["nano-4"])


@pytest.mark.parametrize("hours", [21, -2])
def test_a_night_of_another_time_is_not_gone_on_with(nights: Nights, hours: int) -> None:
    def die() -> None:
        raise Killed

    nights.training.does = die
    with pytest.raises(Killed):
        nights.night().run(TONIGHT)
    nights.clock.now += timedelta(hours=hours)
    assert not _unfinished(nights)


def test_a_persons_unfinished_night_does_not_take_the_place_of_the_nights(nights: Nights) -> None:
    def die() -> None:
        raise Killed

    nights.training.does = die
    with pytest.raises(Killed):
        nights.night().run()
    assert not _unfinished(nights)
    nights.training.does = lambda: None
    nights.night().run(TONIGHT)
    assert nights.training.folders[-1].name == "night-2026-01-31"


def test_a_night_that_is_asked_to_end_goes_on_another_time(nights: Nights) -> None:
    def stopped() -> None:
        raise NightStopped("asked to end")

    nights.training.does = stopped
    assert nights.night().run(TONIGHT).verdict == "stopped"
    assert _unfinished(nights)


def test_old_nights_are_removed_and_heavy_files_go_at_once(nights: Nights) -> None:
    nights.verdict = NO_SIGNAL
    for day in range(1, 5):
        nights.training.does = lambda: (nights.training.folders[-1] / "sft").mkdir()
        nights.night().run(NightPlan(name=f"night-2026-02-0{day}"))
    left = sorted(folder.name for folder in (nights.tmp_path / "nights").iterdir())
    assert left == ["night-2026-02-03", "night-2026-02-04"]
    assert not list((nights.tmp_path / "nights").glob("*/sft"))


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("raise SystemExit(3)", "ended with code 3"),
        ("raise RuntimeError('a bug')", "RuntimeError: a bug"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL"),
        ("pass", "left no result.json"),
        ("import time; time.sleep(60)", "killed by SIGTERM"),
    ],
)
def test_a_training_that_dies_leaves_a_reason(tmp_path: Path, program: str, told: str) -> None:
    train = TrainApart((sys.executable, "-c", program), needs="sys", beyond_budget=0.5)
    with pytest.raises(NightCrashed, match=told):
        train(tmp_path, minutes=0.01, say=lambda step: None, stop=threading.Event())


def test_a_training_that_was_killed_goes_on_once(tmp_path: Path) -> None:
    program = """
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
if not (folder / "begun").exists():
    (folder / "begun").touch()
    os.kill(os.getpid(), 9)
(folder / "result.json").write_text('{"code": "no_time", "reason": "gone on"}')
print('{"stage": "sft", "text": "going on", "seconds_spent": 1}')
"""
    heard = []
    train = TrainApart((sys.executable, "-c", program), needs="sys")
    result = train(tmp_path, minutes=1, say=heard.append, stop=threading.Event())
    assert (result.reason, [step.text for step in heard]) == ("gone on", ["going on"])


def test_a_training_that_is_asked_to_end_ends_soon(tmp_path: Path) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    train = TrainApart((sys.executable, "-c", "import time; time.sleep(60)"), needs="sys")
    with pytest.raises(NightStopped):
        train(tmp_path, minutes=1, say=lambda step: None, stop=stop)


def test_without_the_training_packages_the_reason_names_them(tmp_path: Path) -> None:
    train = TrainApart(needs="no_such_package")
    with pytest.raises(NightCrashed, match=r"preferstream\[training\]"):
        train(tmp_path, minutes=1, say=lambda step: None, stop=threading.Event())


def test_a_training_ends_with_whoever_asked_for_it(tmp_path: Path) -> None:
    program = (
        "import sys, time; from training.night import lifeline; lifeline.hold_on();"
        " print('ready', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    process.stdin.close()
    assert process.wait(10) == 3
    process.stdout.close()


def _jobs(tmp_path: Path, **settings: object) -> dict[str, Job]:
    wiring = NightWiring(
        NightSettings.model_validate({"data_dir": tmp_path, **settings}),
        RegistrySettings(),
        ModelSettings(model=tmp_path / "not_here"),
    )
    retrain, messaging = RetrainSettings(lake=str(tmp_path)), MessagingSettings(kafka="none:1")
    collecting = collector(retrain, messaging, CollectorRegistry())
    metrics = NightMetrics(CollectorRegistry())
    return {job.name: job for job in night_jobs(collecting, retrain, wiring, messaging, metrics)}


def test_the_night_comes_at_half_past_two_unless_it_is_never(tmp_path: Path) -> None:
    night = _jobs(tmp_path, night_zone="Europe/Berlin")["night"]
    after = datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert str(night.trigger.get_next_fire_time(None, after)) == "2026-02-01 02:30:00+01:00"
    assert night.first_after is None
    assert set(_jobs(tmp_path, night_at="never")) == {"canary"}


def test_a_night_that_was_killed_with_the_service_goes_on_soon_after_its_start(
    nights: Nights,
) -> None:
    def stopped() -> None:
        raise NightStopped("asked to end")

    nights.clock.now = system_clock()
    nights.training.does = stopped
    nights.night().run(TONIGHT)
    assert _jobs(nights.tmp_path)["night"].first_after is not None


def test_a_model_that_is_not_here_does_not_keep_the_service_from_collecting(
    tmp_path: Path,
) -> None:
    jobs = _jobs(tmp_path)
    assert jobs["canary"].run().verdict == "unknown"
    with pytest.raises(BadCheckpoint, match="not_here"):
        jobs["night"].run()


@pytest.mark.parametrize("wrong", [{"night_at": "2:30"}, {"night_zone": "Berlin"}])
def test_a_time_that_is_none_is_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        NightSettings.model_validate(wrong)
