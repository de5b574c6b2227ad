"""The colours of every figure, on pages and in reports, in the order in which they are used."""

COLORS = ("#4059ad", "#d1603d", "#3a9d6e", "#9a5fb5", "#c9a227", "#4aa3c7", "#b84a72", "#6b7280")
