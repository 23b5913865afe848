"""The command reference says what the help says."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def test_the_command_reference_is_what_the_help_says() -> None:
    page = TESTS.parent / ".github" / "docs" / "commands.md"
    if not page.is_file():
        pytest.skip("a source distribution has no command reference")
    script = [sys.executable, str(TESTS / "command_reference.py")]
    written = subprocess.run(script, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    assert page.read_text(encoding="utf-8") == written, "python tests/command_reference.py > .github/docs/commands.md"
