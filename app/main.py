"""The pages' entry point, run by Streamlit (`eureka app`): the navigation and what every page shares."""

from pathlib import Path

import streamlit as st

from app.components import text
from workbench.errors import UserError
from workbench.plugins import load_plugins

HERE = Path(__file__).parent


def _home() -> None:
    """The bare address opens Curate, which thereby has an address of its own like every other page."""
    st.switch_page("views/curate.py")


# The folder is not called `pages`, since Streamlit would then run its files on their own, without this one.
PAGES = [
    st.Page(_home, default=True, visibility="hidden"),
    st.Page("views/curate.py", title="Curate", icon=":material/filter_alt:"),
    st.Page("views/runs.py", title="Runs", icon=":material/show_chart:"),
    st.Page("views/rollouts.py", title="Rollouts", icon=":material/forum:"),
    st.Page("views/aha.py", title="Aha", icon=":material/lightbulb:"),
    st.Page("views/experiments.py", title="Experiments", icon=":material/science:"),
    st.Page("views/benchmarks.py", title="Benchmarks", icon=":material/leaderboard:"),
]

st.set_page_config(page_title="Eureka Workbench", page_icon=str(HERE / "icon.png"), layout="wide")
page = st.navigation(PAGES, position="top")
st.html(HERE / "style.css")
try:
    load_plugins()
    page.run()
except UserError as error:
    text.show(text.alarm(error))
