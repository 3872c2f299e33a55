"""The table of held-out scores, as it is printed and as it stands on the cards."""

import re
from pathlib import Path

import pytest

from embedded.evaluate import MODELS
from embedded.scores import BEGIN_MARK, END_MARK, Score, as_table, share, update_card

EMBEDDED = Path(__file__).parents[2] / "embedded"
TABLE = as_table("Right", [Score("shapes", share(7, 8), 8)])


def test_table_has_a_row_for_each_score() -> None:
    assert TABLE.splitlines()[0] == "| Held out | Right | Questions |"
    assert TABLE.splitlines()[2:] == ["| shapes | 87.5 % | 8 |"]


def test_card_keeps_all_but_its_table(tmp_path: Path) -> None:
    card = tmp_path / "README.md"
    card.write_text(f"# A model\n{BEGIN_MARK}\nold\n{END_MARK}\nIts licence.\n")

    update_card(TABLE, card)

    assert card.read_text() == f"# A model\n{BEGIN_MARK}\n{TABLE}\n{END_MARK}\nIts licence.\n"


@pytest.mark.parametrize("model", MODELS)
def test_card_of_a_trained_model_has_its_scores(model: str) -> None:
    card = (EMBEDDED / model / "README.md").read_text()

    table = card.split(BEGIN_MARK)[1].split(END_MARK)[0]

    rows = [line for line in table.splitlines() if re.search(r"\d %.*\| \d+ \|$", line)]
    assert len(rows) > 4
