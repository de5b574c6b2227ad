"""Builds the embedded tiny model: `python -P -m train.tiny --out DIR`."""
