"""A folder is the old one or the new one, never a part of either."""

from pathlib import Path

import pytest

from stack.files import atomic_folder

pytestmark = pytest.mark.unit


def test_a_new_folder_replaces_the_old_one_when_it_is_filled(tmp_path: Path) -> None:
    target = tmp_path / "programs" / "postgres"
    for name in ("old", "new"):
        with atomic_folder(target) as draft:
            (draft / name).touch()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(target.parent.iterdir()) == [target]


def test_what_was_left_half_filled_is_not_there_and_does_not_stay(tmp_path: Path) -> None:
    target = tmp_path / "postgres"

    def fill_half(draft: Path) -> None:
        (draft / "half").touch()
        raise RuntimeError("the archive is damaged")

    with pytest.raises(RuntimeError, match="damaged"), atomic_folder(target) as draft:
        fill_half(draft)
    assert not target.exists()
    with atomic_folder(target) as draft:
        (draft / "new").touch()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]
