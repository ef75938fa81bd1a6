"""Which code is planned: that of a release, whatever the form of its job.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.settings import ROOT

pytestmark = pytest.mark.unit

BEFORE_THE_RUNTIME = {
    "settings.py": "class ZoneFaresSettings:\n    name = 'settings read'\n",
    "job.py": "def attach(settings):\n    return f'attached with {settings.name}', []\n",
}
WITH_THE_RUNTIME = {
    "job.py": """
class JOB:
    settings = staticmethod(lambda: 'settings read')
    attach = staticmethod(lambda settings: (f'attached with {settings}', []))
"""
}


@pytest.mark.parametrize("files", [BEFORE_THE_RUNTIME, WITH_THE_RUNTIME])
def test_a_release_is_planned_by_its_own_code(files: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "flink_jobs" / "zone_fares"
    folder.mkdir(parents=True)
    for path in (folder.parent / "__init__.py", folder / "__init__.py"):
        path.touch()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "from control_plane.jobs.submitter import attached; print(attached('zone_fares'))",
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(ROOT)))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.stdout == "attached with settings read\n", answer.stderr
