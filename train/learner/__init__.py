"""The model that learns: policy and model families, micro-batches, optimizer engines, and the update."""
