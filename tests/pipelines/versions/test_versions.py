"""Two versions beside each other, and the removal of one."""

from pathlib import Path

import pytest

from pipelines.curation.curate import curate
from pipelines.versions.diff import difference
from pipelines.versions.removal import remove_version
from tests.pipelines.small_datasets import problem, publish, recipe
from workbench.annotations import EDIT, Annotations
from workbench.errors import UserError
from workbench.workspace import Workspace


def test_came_went_and_changed_are_told_with_their_reasons(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    short, long, other = problem("short"), problem("long", "x" * 60), problem("other", "Why 3?")
    publish(workspace, "d", [short, long, other])
    curate(workspace, recipe(tmp_path, "steps:\n  - {step: schema, min_question: 8}"), ["d"], "out")
    Annotations(workspace).add(EDIT, short.problem_id, {"answer": "7"}, "ann")
    curate(workspace, recipe(tmp_path, "steps:\n  - {step: schema, max_question: 20}"), ["d"], "out")
    found = difference(workspace, "out@v001", "out@v002")
    rows = {row["source_id"]: (row["change"], row["why"], row["columns"]) for row in found.changes.to_dicts()}
    assert rows["long"][:2] == ("went", "schema: question_too_long")
    assert rows["other"][:2] == ("came", "out@v001 had dropped it, schema: question_too_short")
    assert rows["short"][0] == "changed"
    assert "answer" in rows["short"][2]
    assert found.same == 0
    back = difference(workspace, "out@v002", "out@v002")
    assert (back.changes.height, back.same) == (0, 2)


def test_a_version_is_removed_only_where_nothing_refers_to_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "ws")
    publish(workspace, "d", [problem("1")])
    publish(workspace, "d", [problem("2", "Another?")])
    curate(workspace, recipe(tmp_path, "steps: [schema]"), ["d@v001"], "out")
    with pytest.raises(UserError, match=r"d@v001 stays: dataset out@v001 refers to it"):
        remove_version(workspace, "d@v001")
    with pytest.raises(UserError, match=r"there are: d@v001, d@v002"):
        remove_version(workspace, "d")
    with pytest.raises(UserError, match="v009"):
        remove_version(workspace, "d@v009")
    assert remove_version(workspace, "d@v002").bytes > 0
    assert workspace.versions("d") == ["v001"]
    assert remove_version(workspace, "out@v001").ref == "out@v001"
    remove_version(workspace, "d@v001")
    assert "d" not in workspace.dataset_names() or workspace.versions("d") == []
