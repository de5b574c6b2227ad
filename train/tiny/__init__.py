"""Builds the embedded tiny model: `python -m train.tiny --out DIR`."""
