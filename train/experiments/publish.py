"""Handing over what an experiment found: on the terminal, as report.json and as a figure."""

from train.experiments import figure
from train.experiments.lab import Lab
from train.experiments.report import Report, show
from workbench.workspace import write_json


def publish(report: Report, lab: Lab) -> None:
    """Write report.json and the figure into the experiment's folder, and show the tables."""
    write_json(lab.folder / "report.json", report.json())
    show(report, lab.console)
    files, missing = figure.write(report, lab.folder)
    if missing:
        lab.say(missing)
    lab.say(f"written: {', '.join(str(path) for path in [lab.folder / 'report.json', *files])}")
    lab.say(f"look at it: [bold]eureka app --workspace {lab.workspace.root}[/], page Experiments")
