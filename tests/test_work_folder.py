"""A run removes the folders of killed runs, and no others."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ccwarehouse.warehouses.work_folder import LOCK, work_folder

HOLD = (
    "from ccwarehouse.warehouses.work_folder import work_folder\n"
    "with work_folder() as folder:\n"
    "    print(folder, flush=True); input()\n"
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The machine's folder for temporary files during a test."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.process
def test_the_folder_of_a_killed_run_goes_and_that_of_a_living_one_stays(place):
    """A killed run leaves its folder; the next run removes it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD],
        env={"TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        left = Path(run.stdout.readline().strip())
        (left / "half a package").write_text("rows")
        with work_folder():
            while_it_lives = left.exists()
        run.kill()
    after_its_death = left.exists()
    with work_folder() as own:
        assert [Path(own)] == list(place.iterdir())

    assert (True, True) == (while_it_lives, after_its_death)
    assert [] == list(place.iterdir())


def test_two_runs_of_one_process_leave_each_other_alone(place):
    """The lock belongs to the folder, not to the process."""
    with work_folder() as first, work_folder() as second:
        assert {Path(first), Path(second)} == set(place.iterdir())


def test_a_folder_that_no_run_has_marked_stays(place):
    """A folder without the lock's file may be new, or another program's."""
    (place / "ccwarehouse-new").mkdir()
    (place / "ccwarehouse-new" / f"{LOCK}.new").touch()
    (place / "ccwarehouse-backup").mkdir()
    (place / "ccwarehouse-link").symlink_to(place / "ccwarehouse-backup")
    before = set(place.rglob("*"))
    with work_folder():
        pass

    assert before == set(place.rglob("*"))


def test_what_a_link_points_to_stays(place):
    """A link with such a name is not followed."""
    (place / "kept").mkdir()
    (place / "kept" / LOCK).touch()
    (place / "ccwarehouse-link").symlink_to(place / "kept")
    with work_folder():
        pass

    assert (place / "kept" / LOCK).exists()
