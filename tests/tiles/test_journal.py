"""A journal answers only for what is as it was written."""

from __future__ import annotations

import json
from pathlib import Path

from solweig.tiles.journal import Journal

HEAD = {"run_id": "a", "core": 8, "halo": 3}
RECORD = {"sums": [{"tmrt": 12}], "accumulated_days": 0.25, "digests": {"step/tmrt": "00ff"}}


def begun(folder: Path) -> Journal:
    journal = Journal(folder)
    journal.begin(HEAD)
    journal.finish(0, RECORD)
    journal.finish(1, RECORD)
    return journal


def test_what_was_noted_comes_back(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    head = journal.head()
    assert head is not None
    assert HEAD.items() <= head.items()
    found = journal.records(range(3))
    assert sorted(found) == [0, 1]
    assert RECORD.items() <= found[0].items()


def test_a_record_that_says_another_number_is_none(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    path = tmp_path / "tiles" / "000001.json"
    content = path.read_text()
    assert '"tmrt":12' in content
    path.write_text(content.replace('"tmrt":12', '"tmrt":13'))
    assert sorted(journal.records(range(2))) == [0]


def test_a_head_that_is_damaged_is_none(tmp_path: Path) -> None:
    journal = begun(tmp_path)
    path = tmp_path / "journal.json"
    whole = json.loads(path.read_text())
    for damaged in ({**whole, "core": 16}, {k: v for k, v in whole.items() if k != "digest"}, []):
        path.write_text(json.dumps(damaged))
        assert journal.head() is None
    path.write_text("[" * 100_000)
    assert journal.head() is None
