"""Worker processes for symbolic comparison, with limits on time and memory."""
