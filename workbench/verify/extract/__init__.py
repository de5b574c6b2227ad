"""What a response offers as its final answer."""
