"""An answer's text as typed items: numbers, relations, sets, words."""
