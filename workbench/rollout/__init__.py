"""Sampling from a model: one protocol, one driver a way of running vLLM."""
