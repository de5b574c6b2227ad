"""What `eureka doctor` prints is what it found, character by character."""

import pytest
import typer

from workbench.command_line import doctor
from workbench.command_line.options import WORKSPACE


def test_the_extra_that_is_missing_is_named_in_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = doctor.Finding("packages", False, f"missing: torch: {doctor.MISSING_PACKAGES}")
    monkeypatch.setattr(doctor, "examine", lambda workspace: [missing])
    with pytest.raises(typer.Exit) as ended:
        doctor.doctor(WORKSPACE, False)
    assert ended.value.exit_code == 1
    assert "install the extra eureka-workbench[cpu] or [gpu]" in " ".join(capsys.readouterr().out.split())
