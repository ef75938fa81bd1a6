"""The options of the JVMs."""

from pathlib import Path

import pytest

from schemas.errors import UserError
from stack.settings import user_jvm_options
from stack.toolchain.java import jvm_options

pytestmark = pytest.mark.unit


def test_a_jvm_gets_the_options_of_the_user_after_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TAXI_JVM_OPTIONS", raising=False)
    ours = jvm_options(tmp_path)
    monkeypatch.setenv("TAXI_JVM_OPTIONS", "-Xlog:gc:'file=/a b.log' -XX:+UseSerialGC")
    assert jvm_options(tmp_path) == (*ours, "-Xlog:gc:file=/a b.log", "-XX:+UseSerialGC")


def test_options_with_an_open_quotation_mark_are_refused_by_name() -> None:
    with pytest.raises(UserError, match="TAXI_JVM_OPTIONS=-Dx='y: No closing quotation"):
        user_jvm_options({"TAXI_JVM_OPTIONS": "-Dx='y"})
