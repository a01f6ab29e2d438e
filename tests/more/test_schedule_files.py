"""What others make of the Dockerfile, the workflows and the files of docs/schedules."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from schedules import FOLDER, ROOT, environment_of_the_image

BIN = ROOT / ".venv-validators" / "bin"
VALIDATORS = {
    "workflows": [
        BIN / "check-jsonschema",
        "--builtin-schema=vendor.github-workflows",
        FOLDER / "github-actions.yml",
        *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    ],
    # the first version with podFailurePolicy as stable, and a newer one
    "kubernetes-1.31": [BIN / "kubernetes-validate", "--strict", "-k", "1.31"],
    "kubernetes-1.35": [BIN / "kubernetes-validate", "--strict", "-k", "1.35"],
    "dockerfile": [BIN / "hadolint", ROOT / "Dockerfile"],
}
USER = "10001"
IN_A_CONTAINER = [
    # the image, read-only, as another user; /proc, /dev and the network as they are
    *("bwrap", "--unshare-user", "--uid", USER, "--gid", USER),
    *("--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--clearenv"),
]


def run(*words):
    """How a program ended, and what it said."""
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=100
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", VALIDATORS)
def test_a_validator_finds_no_fault(name):
    """Schemas of the service, and Docker's best practice."""
    file = [FOLDER / "kubernetes.yaml"] if name.startswith("kubernetes") else []

    code, said = run(*VALIDATORS[name], *file)

    assert 0 == code, said


@pytest.mark.process
@pytest.mark.skipif(not shutil.which("bwrap"), reason="no bubblewrap")
def test_a_load_writes_the_data_and_the_temporary_folder_alone(tmp_path):
    """With the image's variables, another user and a read-only root filesystem."""
    data = tmp_path / "data"
    data.mkdir(mode=0o777)
    with FakeApi() as api:
        given = environment_of_the_image() | {
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
            "CCWAREHOUSE_DATABASE": str(data / "ccwarehouse.duckdb"),
            "PATH": os.defpath,
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        }
        variables = [word for pair in given.items() for word in ("--setenv", *pair)]
        program = Path(sys.executable).with_name("ccwarehouse")
        load = ["--chdir", data, *variables, program, "load", "--quiet"]
        read_only, done = (
            run(*IN_A_CONTAINER, "--tmpfs", "/tmp", bind, data, data, *load)
            for bind in ("--ro-bind", "--bind")
        )

    assert (5, True) == (read_only[0], "Read-only file system" in read_only[1])
    assert (0, "") == done
    assert ["ccwarehouse.duckdb"] == [path.name for path in data.iterdir()]
