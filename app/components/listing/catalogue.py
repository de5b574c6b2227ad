"""The list that the Curate page shows: its index, pass rates, people's words and what the filter leaves, remembered."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from app.components import data
from app.queries import listing, problems, reviews
from app.queries.listing import Index, Narrowed, ProblemFilter, Rates
from app.queries.reviews import Reviews
from workbench.store import Store


@dataclass(frozen=True)
class Catalogue:
    """One dataset version under one filter, as of now."""

    ref: str
    chosen: ProblemFilter
    index: Index
    rates: Rates | None
    reviews: Reviews
    left: Narrowed

    def ids(self) -> list[str]:
        """The problems that the filter shows, in order."""
        return self.index.frame["problem_id"][self.left.rows.tolist()].to_list()

    def id_at(self, place: int) -> str:
        return str(self.index.frame["problem_id"][int(self.left.rows[place])])

    def place(self, problem_id: str) -> int | None:
        """Where a problem stands among those that the filter shows, from 0."""
        found = np.flatnonzero((self.index.frame["problem_id"] == problem_id).to_numpy())
        if not len(found):
            return None
        place = int(np.searchsorted(self.left.rows, found[0]))
        return place if place < self.left.total and self.left.rows[place] == found[0] else None

    def said(self, problem_id: str) -> dict[str, Any]:
        """What people said about a problem (`Reviews.of`), be it in this version or not."""
        words = self.reviews
        if not (self.index.frame["problem_id"] == problem_id).any():
            words = reviews.reviews(data.store(), pl.Series([problem_id]))
        return words.of([problem_id])[problem_id]

    def page(self, offset: int, limit: int) -> list[dict[str, Any]]:
        """One page of the list: rows with their texts, edits applied."""
        rows = listing.rows(self.index, self.rates, self.reviews, self.left.rows[offset : offset + limit])
        ids = tuple(row["problem_id"] for row in rows)
        found = data.cached(problems.files(data.store(), self.ref), problems.texts, self.ref, ids)
        return [reviews.edited(row | found[row["problem_id"]], row["edit"]) for row in rows]

    def whole(self) -> list[dict[str, Any]]:
        """All that the filter shows, as `page` gives it but with texts uncut and solutions."""
        rows = listing.rows(self.index, self.rates, self.reviews, self.left.rows)
        found = problems.whole_texts(data.store(), self.ref, tuple(row["problem_id"] for row in rows))
        return [reviews.edited(row | found[row["problem_id"]], row["edit"]) for row in rows]


def of(ref: str, chosen: ProblemFilter) -> Catalogue:
    store = data.store()
    files = problems.files(store, ref)
    said = reviews.files(store)
    index = data.kept(files, listing.index, ref)
    rates = data.kept(files, _rates, ref, chosen.model) if chosen.model else None
    words = data.kept([*files, *said], _reviews, ref)
    left = data.cached([*files, *said], _narrowed, ref, chosen)
    return Catalogue(ref, chosen, index, rates, words, left)


def _index(store: Store, ref: str) -> tuple[list[Path], Index]:
    files = problems.files(store, ref)
    return files, data.kept(files, listing.index, ref)


def _rates(store: Store, ref: str, model: str) -> Rates:
    return listing.rates(store, _index(store, ref)[1], model)


def _reviews(store: Store, ref: str) -> Reviews:
    return reviews.reviews(store, _index(store, ref)[1].frame["problem_id"])


def _narrowed(store: Store, ref: str, chosen: ProblemFilter) -> Narrowed:
    files, index = _index(store, ref)
    rates = data.kept(files, _rates, ref, chosen.model) if chosen.model else None
    words = data.kept([*files, *reviews.files(store)], _reviews, ref)
    hits = None
    if chosen.text:
        found = data.kept(files, problems.search, ref, chosen.text)
        hits = words.searched(index.frame["problem_id"], found, chosen.text)
    return listing.narrowed(index, rates, words, hits, chosen)
