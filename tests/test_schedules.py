"""What the files of docs/schedules say agrees with the program, and with each other."""

import re
import shlex
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import click
import pytest
import yaml

from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode
from claude_code_analytics import UsageSettings
from schedules import DOCKERFILE, FILES, ROOT, environment_of_the_image

CRON = r"[\"'](\d+) (\d+) \* \* \*[\"']"
ON_CALENDAR = r"OnCalendar=\*-\*-\* 0?(?P<hour>\d+):0?(?P<minute>\d+):00 UTC"
IN_UTC = {
    "airflow_dag.py": 'tz="UTC"',
    "ccwarehouse.timer": "UTC",
    "dagster_usage.py": 'execution_timezone="UTC"',
    "github-actions.yml": "In UTC",  # GitHub knows no other
    "kubernetes.yaml": "timeZone: Etc/UTC",
    "prefect_flow.py": 'timezone="UTC"',
}
FOR_A_PERSON = {ExitCode.BUG, ExitCode.USAGE, ExitCode.CONFIGURATION}
REFUSALS = {
    "airflow_dag.py": r"FOR_A_PERSON = \(([\d, ]+)\)",
    "ccwarehouse.service": r"RestartPreventExitStatus=([\d ]+) CREDENTIALS",
    "dagster_usage.py": r"FOR_A_PERSON = \(([\d, ]+)\)",
    "kubernetes.yaml": r"values: \[([\d, ]+)\]",
    "prefect_flow.py": r"FOR_A_PERSON = \(([\d, ]+)\)",
}
KUBERNETES = [*yaml.safe_load_all(FILES["kubernetes.yaml"])]
POD = KUBERNETES[1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
IGNORED = (ROOT / ".dockerignore").read_text()


def test_every_file_is_looked_at():
    """A new scheduler has a time, too."""
    assert {*FILES} == {*IN_UTC, *REFUSALS}


@pytest.mark.parametrize("name", IN_UTC)
def test_a_schedule_begins_when_yesterday_is_complete(name):
    """Once a night, in UTC; earlier, yesterday would be loaded one night later."""
    text = FILES[name]
    if calendar := re.search(ON_CALENDAR, text):
        minute, hour = calendar["minute"], calendar["hour"]
    else:
        [(minute, hour)] = re.findall(CRON, text)

    begins = timedelta(hours=int(hour), minutes=int(minute))
    assert UsageSettings().settle <= begins < timedelta(hours=6)
    assert IN_UTC[name] in text


@pytest.mark.parametrize("name", REFUSALS)
def test_what_a_person_has_to_mend_is_not_tried_again(name):
    """The codes stand in each file; no other code is a success or goes unnoticed."""
    [codes] = re.findall(REFUSALS[name], FILES[name])

    assert FOR_A_PERSON == {int(code) for code in re.findall(r"\d+", codes)}
    assert "SuccessExitStatus" not in FILES[name]


def test_the_commands_are_those_of_the_program():
    """Each would parse: of the unit, the workflow, the image and the pod."""
    [unit] = re.findall(r"ExecStart=\S+/ccwarehouse (.*)", FILES["ccwarehouse.service"])
    workflow = re.findall(r"- run: ccwarehouse (.*)", FILES["github-actions.yml"])
    [image] = re.findall(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)
    [pod] = [each["args"] for each in POD["containers"]]
    commands = [*map(shlex.split, [unit, *workflow]), yaml.safe_load(image), pod]

    assert 5 == len(commands)
    for words in commands:
        with click.Context(main, **main.context_settings) as context:
            name, command, rest = main.resolve_command(context, list(words))
            assert command.make_context(name, rest, parent=context)


def test_the_image_copies_what_is_there_and_is_not_ignored():
    """Everything else is ignored: data, secrets and environments."""
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
    ]
    admitted = re.findall(r"^!(.*)$", IGNORED, re.MULTILINE)

    assert "*" in IGNORED.splitlines()
    assert sorted(copied) == sorted(admitted)
    assert [] == [name for name in copied if not (ROOT / name).exists()]


def test_the_pod_is_the_user_of_the_image_and_mounts_what_it_writes():
    """A read-only root, the folder of the database, a temporary one, and the key."""
    [user] = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    [container] = POD["containers"]
    mounts = container["volumeMounts"]
    written = {each["mountPath"] for each in mounts if not each.get("readOnly")}
    [key] = [each for each in container["env"] if each["name"].endswith("_FILE")]
    database = Path(environment_of_the_image()["CCWAREHOUSE_DATABASE"])
    context = POD["securityContext"]

    assert user == (str(context["runAsUser"]), str(context["runAsGroup"]))
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert {str(database.parent), "/tmp"} == written
    assert str(Path(key["value"]).parent) in {each["mountPath"] for each in mounts}


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd")
def test_systemd_understands_its_units(tmp_path):
    """Each setting is known, and the unit is as closed as it was."""
    command = f'"{Path(sys.executable).with_name("ccwarehouse")}"'
    units = []
    for name in ("ccwarehouse.service", "ccwarehouse.timer"):
        units.append(tmp_path / name)
        text = FILES[name].replace("/opt/ccwarehouse/bin/ccwarehouse", command)
        units[-1].write_text(text)
    said = [
        subprocess.run(
            ["systemd-analyze", *words],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        for words in (
            ["verify", "--man=no", *units],
            ["security", "--offline=true", "--threshold=20", units[0]],
        )
    ]

    assert [(0, "")] == [(done.returncode, done.stderr) for done in said[:1]]
    assert 0 == said[1].returncode, said[1].stdout
