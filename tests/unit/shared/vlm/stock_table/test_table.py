"""The page about answers of other models states what happens today."""

from tests.unit.shared.vlm.stock_table.table import PAGE, page_with, table


async def test_the_table_of_answers_is_the_result_of_a_run() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_with(await table()), (
        "run python -m tests.unit.shared.vlm.stock_table.table --write"
    )
