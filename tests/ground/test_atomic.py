"""Files appear complete or not at all, and a failed write names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from solweig.rasters.digests import save_array


def test_a_full_disk_names_the_file_and_keeps_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "svf.npy"
    save_array(path, np.ones(4))
    before = path.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError("2880 requested and 2016 written")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match=r"svf\.npy: could not be written; is the disk full\?"):
        save_array(path, np.zeros(4))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["svf.npy"]
