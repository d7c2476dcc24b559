"""Java's class cache is used if it exists, and each Kafka and Java has its own."""

from pathlib import Path

import pytest

from services.local.kafka import class_cache
from services.local.kafka.class_cache import (
    NoClassCache,
    class_cache_file,
    class_cache_options,
    write_class_cache,
)
from services.local.kafka.pinned_jars import JARS


def jars_in(folder: Path) -> list[Path]:
    return [folder / jar.path for jar in JARS]


def test_without_a_cache_java_starts_without_options(tmp_path: Path) -> None:
    assert class_cache_options(jars_in(tmp_path)) == ()


def test_a_cache_beside_the_jars_is_used(tmp_path: Path) -> None:
    file = class_cache_file(tmp_path)
    file.touch()
    assert f"-XX:AOTCache={file}" in class_cache_options(jars_in(tmp_path))
    assert write_class_cache(jars_in(tmp_path)) == file, "it is not written again"


def test_other_java_options_have_another_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = class_cache_file(tmp_path)
    monkeypatch.setattr(class_cache, "JAVA_OPTIONS", ("-Xmx1m",))
    assert class_cache_file(tmp_path) != before


def test_a_cache_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(NoClassCache, match="could not be written"):
        write_class_cache(jars_in(tmp_path / "empty"))
    assert not list(tmp_path.rglob("*.aot*"))
