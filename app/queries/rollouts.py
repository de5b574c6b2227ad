"""Rollouts of a run: its steps, the groups of a step, the answers of a group."""

from pathlib import Path
from typing import Any

import polars as pl

from workbench.store import Store

# Token ids and log-probs are most of a rollout's bytes and nobody reads them.
SHOWN = """rollout_id, run_id, step, group_id, problem_id, sample_index, weight_version, prompt, response,
finish_reason, reward, rewards, reward_reasons, verdict, extracted, rule, span, advantage, used, unused_reason,
n_tokens"""

# A whole run can hold hundreds of thousands of rollouts; at a few kB each, this many make a file of some MB.
EXPORTED_AT_MOST = 2000

ORDERS = {
    "as sampled": "step, first_sample, group_id",
    "lowest accuracy": "accuracy, step, group_id",
    "highest accuracy": "accuracy DESC, step, group_id",
    "longest": "tokens DESC, step, group_id",
    "most mixed": "abs(accuracy - 0.5), step, group_id",
}


def steps(store: Store, run: str) -> list[int]:
    """The steps whose rollouts are written, in order."""
    found = {path.parent.name.removeprefix("step=") for path in store.rollouts(run)}
    return sorted(int(name) for name in found if name.isdecimal())


def files(store: Store, run: str, step: int | None) -> list[Path]:
    return store.rollouts(run, step)


_GROUPS = """
SELECT step, group_id, any_value(problem_id) AS problem_id, count(*) AS n, avg(reward) AS reward,
       avg(CASE WHEN verdict = 'unscorable' THEN NULL ELSE (verdict = 'correct')::DOUBLE END) AS accuracy,
       avg(n_tokens) AS tokens, bool_or(used) AS used, min(rollout_id) AS first_sample,
       count(*) FILTER ($text <> '' AND contains(lower(response), lower($text))) AS hits
FROM rollouts WHERE ($problem = '' OR problem_id = $problem)
GROUP BY step, group_id HAVING $text = '' OR hits > 0
"""


def groups(
    store: Store, run: str, step: int | None, text: str, problem: str, order: str, offset: int, limit: int
) -> pl.DataFrame:
    """One page of a step's groups (of all steps where `step` is None) with an answer that holds `text`.

    Columns: step, group_id, problem_id, n, reward, accuracy (unscorable answers left out), tokens, used, hits.
    """
    sql = f"SELECT * FROM ({_GROUPS}) ORDER BY {ORDERS[order]} LIMIT $limit OFFSET $offset"
    params = {"text": text, "problem": problem, "limit": limit, "offset": offset}
    return store.query(sql, params, rollouts=store.rollouts(run, step))


def count_groups(store: Store, run: str, step: int | None, text: str, problem: str) -> int:
    sql = f"SELECT count(*) FROM ({_GROUPS})"
    return int(store.query(sql, {"text": text, "problem": problem}, rollouts=store.rollouts(run, step)).item())


def count_answers(store: Store, run: str, step: int | None, text: str, problem: str) -> int:
    """How many rollouts the groups of `groups` hold, over all its pages."""
    sql = f"SELECT coalesce(sum(n), 0)::BIGINT FROM ({_GROUPS})"
    return int(store.query(sql, {"text": text, "problem": problem}, rollouts=store.rollouts(run, step)).item())


def of_groups(
    store: Store, run: str, step: int | None, text: str, problem: str, order: str, limit: int
) -> pl.DataFrame:
    """The first `limit` rollouts of the groups of `groups`, over all its pages and in its order; columns as `group`."""
    sql = f"""
    SELECT {SHOWN} FROM rollouts
    JOIN (SELECT step, group_id, row_number() OVER (ORDER BY {ORDERS[order]}) AS place FROM ({_GROUPS}))
    USING (step, group_id) ORDER BY place, sample_index LIMIT $limit
    """
    return store.query(sql, {"text": text, "problem": problem, "limit": limit}, rollouts=store.rollouts(run, step))


def group(store: Store, run: str, step: int, group_id: str) -> pl.DataFrame:
    """The answers of one group in the order they were sampled, without token ids and log-probs."""
    sql = f"SELECT {SHOWN} FROM rollouts WHERE group_id = $group ORDER BY sample_index"
    return store.query(sql, {"group": group_id}, rollouts=store.rollouts(run, step))


def by_ids(store: Store, run: str, steps: tuple[int, ...], ids: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Rollouts of these steps by their ids, without token ids and log-probs."""
    sql = f"SELECT {SHOWN} FROM rollouts WHERE list_contains($ids::VARCHAR[], rollout_id)"
    paths = [path for step in sorted(set(steps)) for path in store.rollouts(run, step)]
    return {row["rollout_id"]: row for row in store.query(sql, {"ids": list(ids)}, rollouts=paths).to_dicts()}


def answers(store: Store, run: str, step: int) -> pl.DataFrame:
    """What the reflection analysis reads of a step: one row a rollout."""
    sql = """SELECT rollout_id, step, group_id, problem_id, response, verdict, n_tokens, used, advantage, reward
             FROM rollouts ORDER BY rollout_id"""
    return store.query(sql, rollouts=store.rollouts(run, step))
