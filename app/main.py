"""The pages' entry point, run by Streamlit (`eureka app`): the navigation and what every page shares."""

from pathlib import Path

import streamlit as st

from app.components import text
from workbench.errors import UserError

HERE = Path(__file__).parent

# The folder is not called `pages`, since Streamlit would then run its files on their own, without this one.
PAGES = [
    st.Page("views/curate.py", title="Curate", icon=":material/filter_alt:", default=True),
    st.Page("views/runs.py", title="Runs", icon=":material/show_chart:"),
    st.Page("views/rollouts.py", title="Rollouts", icon=":material/forum:"),
    st.Page("views/aha.py", title="Aha", icon=":material/lightbulb:"),
    st.Page("views/benchmarks.py", title="Benchmarks", icon=":material/leaderboard:"),
]

st.set_page_config(page_title="Eureka Workbench", page_icon=":material/emoji_objects:", layout="wide")
page = st.navigation(PAGES, position="top")
st.html(HERE / "style.css")
try:
    page.run()
except UserError as error:
    text.show(f'<div class="eu-error">{text.escape(error)}</div>')
