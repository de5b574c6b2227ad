"""From raw problems to a training set: import, difficulty, curation, export.

Public names: `import_dataset` and `import_synth` (with `ImportReport`), `measure` and `import_responses` for pass rates
(with `MeasureConfig`, `MeasureReport` and `ResponsesReport`), `curate` (with `CurationReport`) and `export` (with
`ExportReport`). For plug-ins: `SOURCES` with `Source`; `step` with `StepParams`, `Context`, `findings` and `together`;
`EXPORTS` with `JsonLines`, `Table` and `Item`.
"""

from typing import TYPE_CHECKING

from workbench.public import lazy_names

if TYPE_CHECKING:
    from pipelines.curation.curate import CurationReport, curate
    from pipelines.difficulty import MeasureConfig, MeasureReport, measure
    from pipelines.exports import EXPORTS, Item, JsonLines, Table
    from pipelines.importing import ImportReport, import_dataset, import_synth
    from pipelines.responses import ResponsesReport, import_responses
    from pipelines.sources import SOURCES, Source
    from pipelines.steps import Context, StepParams, findings, step, together
    from pipelines.versions.export import ExportReport, export

__all__ = [
    "EXPORTS",
    "SOURCES",
    "Context",
    "CurationReport",
    "ExportReport",
    "ImportReport",
    "Item",
    "JsonLines",
    "MeasureConfig",
    "MeasureReport",
    "ResponsesReport",
    "Source",
    "StepParams",
    "Table",
    "curate",
    "export",
    "findings",
    "import_dataset",
    "import_responses",
    "import_synth",
    "measure",
    "step",
    "together",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "EXPORTS": "pipelines.exports",
        "SOURCES": "pipelines.sources",
        "Context": "pipelines.steps",
        "CurationReport": "pipelines.curation.curate",
        "ExportReport": "pipelines.versions.export",
        "ImportReport": "pipelines.importing",
        "Item": "pipelines.exports",
        "JsonLines": "pipelines.exports",
        "MeasureConfig": "pipelines.difficulty",
        "MeasureReport": "pipelines.difficulty",
        "ResponsesReport": "pipelines.responses",
        "Source": "pipelines.sources",
        "StepParams": "pipelines.steps",
        "Table": "pipelines.exports",
        "curate": "pipelines.curation.curate",
        "export": "pipelines.versions.export",
        "findings": "pipelines.steps",
        "import_dataset": "pipelines.importing",
        "import_responses": "pipelines.responses",
        "import_synth": "pipelines.importing",
        "measure": "pipelines.difficulty",
        "step": "pipelines.steps",
        "together": "pipelines.steps",
    },
)
