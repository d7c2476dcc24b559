"""Simulated people correct their colors; the shipped model and both services rank the slates."""

import pytest

from shared.domain.taste import Element
from training.evaluation.serving_model import SHIPPED, serving_model
from training.evaluation.steerability.__main__ import measure
from training.evaluation.steerability.measure import Setting
from training.evaluation.steerability.report import report
from training.evaluation.steerability.simulated import draw_people

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_edits_of_colors_move_the_images_that_show_them_and_no_other_feed() -> None:
    people = list(draw_people(2, seed=5))
    with serving_model(SHIPPED, threads=1) as model:
        measured = await measure(model, people, Setting(5, [Element.COLOR], slate=8))
    assert len(measured) >= 4
    assert {each.edit.action for each in measured} == {"pin", "veto"}
    with_room = [each for each in measured if each.move.has_room]
    right = sum(each.move.is_right for each in with_room)
    # Some of these few are ties; none moves the wrong way. LOG.md has the figures of many edits.
    assert right >= 2 * len(with_room) / 3 > 1
    assert all(each.move.ranks >= 0 for each in with_room)
    controls = [each for each in measured if each.other_user is not None]
    assert controls
    assert all(each.other_user == each.user_blind == 0 for each in controls)
    tables = report(measured, slate=8)
    assert "look, raise, rare word" in tables
    assert "| another user's feed | " in tables
