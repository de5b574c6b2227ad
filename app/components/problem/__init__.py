"""One problem in full: its gold, its answers, its near-duplicates, and what people said about it."""
