"""The command ``wasit`` as a user runs it, in this process."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from wasit.cli.main import main


class Result(NamedTuple):
    """What a command leaves.

    Attributes:
        status: Of its exit.
        output: What it wrote to standard output.
        error: What it wrote to standard error.
    """

    status: int
    output: str
    error: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The lines of the output as JSON."""
        return [json.loads(line) for line in self.output.split("\n") if line]


Run = Callable[..., Result]


def run_wasit(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str | Path
) -> Result:
    """Runs the command with these arguments."""
    monkeypatch.setattr(sys, "argv", ["wasit", *map(str, arguments)])
    status = 0
    try:
        main()
    except SystemExit as exit_info:
        status = int(exit_info.code or 0)
    captured = capsys.readouterr()
    return Result(status, captured.out, captured.err)
