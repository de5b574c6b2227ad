"""One spelling for what can be written in many ways."""
