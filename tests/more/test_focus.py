"""The FinOps Foundation's validator of FOCUS on a file that we write.

It has the rules of FOCUS 1.2 with it and calls nobody.
"""

import re
import subprocess

import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from pages import ROOT

VALIDATOR = ROOT / ".venv-focus" / "bin" / "focus-validator"
SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
# What the API has; other rules are of what it has not, such as regions.
HAS = "SUB_ACCOUNT_SUPPORTED,TAGGING_SUPPORTED,USAGE_MEASUREMENT_SUPPORTED"


@pytest.fixture
def file(tmp_path, monkeypatch):
    """The file of the made-up organisation, with its bill."""
    monkeypatch.chdir(tmp_path)
    with FakeApi() as api:
        env = {
            f"{SECTION}BASE_URL": api.url,
            f"{SECTION}INITIAL_DAYS": "10",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
            "CCWAREHOUSE__REPORTS": "claude_code,cost_report,messages_usage,directory",
        }
        for words in (["load"], ["export", "focus_1_2", "--out", "focus.parquet"]):
            assert 0 == CliRunner().invoke(main, words, env=env).exit_code
    return tmp_path / "focus.parquet"


def test_the_validator_misses_an_invoice_alone(file):
    """No report names one. FOCUS wants null where a charge is on no invoice, and a name
    where it is on one; the validator counts each of the two as a rule of every row.
    """
    [rules] = VALIDATOR.parent.parent.glob("lib/*/site-packages/focus_validator/rules")

    done = subprocess.run(
        [
            *(VALIDATOR, "--data-file", file, "--validate-version", "1.2"),
            *("--block-download", "--applicability-criteria", HAS),
        ],
        cwd=rules.parent.parent,  # it reads the codes of currencies from here
        capture_output=True,
        text=True,
        check=False,
    )

    failed = re.findall(r"^- ([\w-]+):", done.stdout, re.MULTILINE)
    assert ["InvoiceId-C-005-C"] == failed, done.stdout + done.stderr
    passed, failures = re.search(r"Pass: (\d+) \| Fail: (\d+)", done.stdout).groups()
    assert (True, "1") == (int(passed) > 150, failures)
