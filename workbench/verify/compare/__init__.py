"""Is one item another under a profile's settings?"""
