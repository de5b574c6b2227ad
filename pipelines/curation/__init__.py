"""Curation: recipes, the run over their steps, its funnel, what curators decided, and results kept for the next run."""
