"""The list of the Curate page: what it shows, its filter and charts, and what a curator does to its problems."""
