"""Formulas: text to tree, tree to an exact or a floating-point value."""
