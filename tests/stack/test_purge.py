"""A purge removes our data, and refuses to touch what may not be ours."""

from pathlib import Path

import pytest

from schemas.errors import UserError
from stack import lifecycle
from stack.settings import StackSettings


def settings_of(home: Path) -> StackSettings:
    return StackSettings.from_environment({"TAXI_HOME": str(home), "TAXI_CACHE_DIR": str(home / "cache")})


def test_a_folder_that_we_did_not_make_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear Ann")
    with pytest.raises(UserError, match=r"was not created by \./taxi"):
        lifecycle.down(settings_of(tmp_path), purge=True)
    assert (tmp_path / "letters.txt").exists()


@pytest.mark.parametrize("home", [Path("/"), Path.home(), Path.home().parent])
def test_a_persons_home_is_refused(home: Path) -> None:
    with pytest.raises(UserError, match="is not a folder of a stack"):
        lifecycle.down(settings_of(home), purge=True)


def test_environments_and_built_jars_stay(tmp_path: Path) -> None:
    for name in ("up.lock", "envs/stream/python", "build/x.jar", "kafka/data/log"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    lifecycle.down(settings_of(tmp_path), purge=True)
    assert (tmp_path / "envs/stream/python").exists()
    assert (tmp_path / "build/x.jar").exists()
    assert not (tmp_path / "kafka").exists()
