"""Puts the cursor into the first field of a panel that a key opened, so that typing goes on from there."""

import streamlit as st

_JS = """
export default function({ data }) {
  let tries = 0;
  const look = () => {
    const field = document.querySelector(`.st-key-${data} textarea, .st-key-${data} input`);
    if (field) field.focus();
    else if (tries++ < 40) setTimeout(look, 50);
  };
  look();
}
"""


def first_field(container: str, key: str) -> None:
    """Focus the first field of the container with this key, once for each `key`."""
    st.components.v2.component("eureka_focus", js=_JS)(data=container, key=key)
