"""A field that a list is narrowed by: its values, and which rows have which, as numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl


@dataclass(frozen=True)
class Facet:
    """`values`, most frequent first; entry i says that row `rows[i]` (row i where None) has value `codes[i]`."""

    values: list[str]
    codes: np.ndarray
    rows: np.ndarray | None
    height: int

    @classmethod
    def of(cls, series: pl.Series) -> "Facet":
        """Of one string a row, or of a list of strings a row; nulls and repeated values of a row count for nothing."""
        entries = pl.DataFrame({"row": np.arange(len(series), dtype=np.uint32), "value": series})
        many = isinstance(series.dtype, pl.List)
        if many:
            entries = entries.explode("value", empty_as_null=True).unique(maintain_order=True)
        entries = entries.drop_nulls()
        return cls.from_entries(entries, len(series), whole=not many and entries.height == len(series))

    @classmethod
    def from_entries(cls, entries: pl.DataFrame, height: int, whole: bool = False) -> "Facet":
        """Of `row` and `value` columns; `whole` where row i is entry i."""
        counted = entries["value"].value_counts().sort(["count", "value"], descending=[True, False])
        values = counted["value"].to_list()
        codes = entries["value"].cast(pl.Enum(values)).to_physical().cast(pl.UInt32).to_numpy()
        return cls(values, codes, None if whole else entries["row"].to_numpy(), height)

    def having(self, chosen: Sequence[str]) -> np.ndarray:
        """Which rows have one of the values."""
        wanted = np.isin(np.array(self.values, dtype=object), list(chosen)) if self.values else np.zeros(0, bool)
        found = wanted[self.codes]
        if self.rows is None:
            return found
        mask = np.zeros(self.height, bool)
        mask[self.rows[found]] = True
        return mask

    def counts(self, among: np.ndarray) -> dict[str, int]:
        """How many of the rows of a mask have each value; zeros included, in the order of `values`."""
        codes = self.codes[among if self.rows is None else among[self.rows]]
        return dict(zip(self.values, np.bincount(codes, minlength=len(self.values)).tolist(), strict=True))
