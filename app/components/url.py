"""The URL is the state: every choice on a page is written into it, and every page is drawn from it.

The widgets here take their value from the URL before they are drawn and write it back before the page runs again,
so a copied address, a link from another page and the browser's back button all open the same view.
"""

from collections.abc import Callable, Sequence

import streamlit as st


def get(name: str, default: str = "") -> str:
    return st.query_params.get(name, default)


def get_int(name: str, default: int) -> int:
    value = get(name)
    return int(value) if value.removeprefix("-").isdecimal() else default


def get_float(name: str, default: float) -> float:
    try:
        return float(get(name, str(default)))
    except ValueError:
        return default


def put(name: str, value: object, default: object = None) -> None:
    """Write one parameter; a value equal to its default leaves the address."""
    if value in (None, "", [], ()) or value == default:
        st.query_params.pop(name, None)
    elif get(name) != str(value):
        st.query_params[name] = str(value)


def forget(*names: str) -> None:
    for name in names:
        st.query_params.pop(name, None)


def pick(
    label: str,
    name: str,
    options: Sequence[str],
    shown: Callable[[str], str] = str,
    default: int = 0,
    clears: Sequence[str] = (),
) -> str:
    """A choice of one. It always stands in the address, since "the newest" is another one tomorrow.

    `clears` names what a new choice makes meaningless (the page of a list, the problem that was open).
    """
    value = get(name) if get(name) in options else options[default]
    put(name, value)
    key = f"pick-{name}"
    st.session_state[key] = value

    def changed() -> None:
        put(name, st.session_state[key])
        forget(*clears)

    return st.selectbox(label, options, format_func=shown, key=key, on_change=changed)


def optional(label: str, name: str, options: Sequence[str], default: str, clears: Sequence[str] = ()) -> str:
    """A choice of one that stands in the address only where it is not the default."""
    key = f"optional-{name}"
    st.session_state[key] = get(name, default) if get(name, default) in options else default

    def changed() -> None:
        put(name, st.session_state[key], default)
        forget(*clears)

    return st.selectbox(label, options, key=key, on_change=changed)


def several(
    label: str,
    name: str,
    options: Sequence[str],
    shown: Callable[[str], str] = str,
    default: Sequence[str] = (),
    clears: Sequence[str] = (),
    hint: str = "all",
) -> list[str]:
    """A choice of any number; none chosen means the default. `hint` says what an empty choice means."""
    chosen = [value for value in st.query_params.get_all(name) if value in options] or list(default)
    key = f"several-{name}"
    st.session_state[key] = chosen

    def changed() -> None:
        st.query_params.pop(name, None)
        if st.session_state[key] != list(default):
            st.query_params[name] = st.session_state[key]
        forget(*clears)

    return st.multiselect(label, options, format_func=shown, key=key, on_change=changed, placeholder=hint)


def tabs(
    label: str, name: str, options: Sequence[str], shown: Callable[[str], str] = str, clears: Sequence[str] = ()
) -> str:
    """A choice of one among a few, side by side; the first is the default."""
    key = f"tabs-{name}"
    st.session_state[key] = get(name) if get(name) in options else options[0]

    def changed() -> None:
        put(name, st.session_state[key], options[0])
        forget(*clears)

    st.segmented_control(
        label, options, format_func=shown, key=key, on_change=changed, required=True, label_visibility="collapsed"
    )
    return st.session_state[key]


def text(label: str, name: str, placeholder: str = "", clears: Sequence[str] = ()) -> str:
    key = f"text-{name}"
    st.session_state[key] = get(name)

    def changed() -> None:
        put(name, st.session_state[key])
        forget(*clears)

    return st.text_input(label, key=key, on_change=changed, placeholder=placeholder)


def span(label: str, low: str, high: str, clears: Sequence[str] = ()) -> tuple[float, float]:
    """A range within [0, 1] under two parameters."""
    key = f"span-{low}"
    ends = [min(1.0, max(0.0, get_float(name, default))) for name, default in ((low, 0.0), (high, 1.0))]
    st.session_state[key] = (min(ends), max(ends))

    def changed() -> None:
        first, last = st.session_state[key]
        put(low, first, 0.0)
        put(high, last, 1.0)
        forget(*clears)

    # Streamlit takes both ends from the session state; a default beside it would be a conflict.
    st.slider(label, 0.0, 1.0, step=0.05, key=key, on_change=changed)
    return min(ends), max(ends)


def page(total: int, size: int, name: str = "page") -> int:
    """The pager of `total` rows, `size` a page (nothing for one page); returns the offset of the page shown."""
    pages = max(1, -(-total // size))
    current = min(max(1, get_int(name, 1)), pages)
    if pages > 1:
        # The pager takes no value from the session state beside its default, so each page has a pager of its own.
        key = f"page-{name}-{current}"
        st.pagination(pages, default=current, key=key, on_change=lambda: put(name, st.session_state[key], 1))
    return (current - 1) * size
