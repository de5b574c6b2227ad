"""The problems that the filter shows as a file: texts as edited, their fate, pass rates and people's words."""

import json
from functools import partial

import streamlit as st

from app.components.listing.catalogue import Catalogue


def button(listed: Catalogue) -> None:
    """A download, made when it is clicked."""
    n = listed.left.total
    label = f"Export {n:,} (JSONL)"
    name = f"{listed.ref.replace('@', '-')}.jsonl"
    st.download_button(
        label, partial(lines, listed), name, "application/jsonl", key="export", disabled=not n, on_click="ignore"
    )


def lines(listed: Catalogue) -> str:
    """A line a problem, in the list's order; pictures are named by the sha256 of their bytes."""
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in listed.whole())
