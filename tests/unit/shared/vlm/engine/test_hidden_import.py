"""A hidden package cannot be imported inside the block, and can be after it."""

import importlib.util
import sys

import pytest

from shared.vlm.engine.hidden_import import hidden


def test_a_hidden_package_is_not_found() -> None:
    sys.modules.pop("wave", None)
    with hidden("wave"):
        assert importlib.util.find_spec("wave") is None
        with pytest.raises(ModuleNotFoundError):
            import wave
    import wave

    assert wave.open


def test_a_package_that_is_imported_stays_visible() -> None:
    import json

    with hidden("json"):
        assert sys.modules["json"] is json
