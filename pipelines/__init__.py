"""From raw problems to a training set: import, difficulty, curation, export.

Public names: `import_dataset` and `import_synth` (with `ImportReport`), `measure` and `import_responses` for pass rates
(with `MeasureConfig`, `MeasureReport` and `ResponsesReport`), `curate` (with `CurationReport`) and `export` (with
`ExportReport`).
"""

from typing import TYPE_CHECKING

from workbench.public import lazy_names

if TYPE_CHECKING:
    from pipelines.curation.curate import CurationReport, curate
    from pipelines.difficulty import MeasureConfig, MeasureReport, measure
    from pipelines.importing import ImportReport, import_dataset, import_synth
    from pipelines.responses import ResponsesReport, import_responses
    from pipelines.versions.export import ExportReport, export

__all__ = [
    "CurationReport",
    "ExportReport",
    "ImportReport",
    "MeasureConfig",
    "MeasureReport",
    "ResponsesReport",
    "curate",
    "export",
    "import_dataset",
    "import_responses",
    "import_synth",
    "measure",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "CurationReport": "pipelines.curation.curate",
        "ExportReport": "pipelines.versions.export",
        "ImportReport": "pipelines.importing",
        "MeasureConfig": "pipelines.difficulty",
        "MeasureReport": "pipelines.difficulty",
        "ResponsesReport": "pipelines.responses",
        "curate": "pipelines.curation.curate",
        "export": "pipelines.versions.export",
        "import_dataset": "pipelines.importing",
        "import_responses": "pipelines.responses",
        "import_synth": "pipelines.importing",
        "measure": "pipelines.difficulty",
    },
)
