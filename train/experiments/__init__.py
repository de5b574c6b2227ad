"""The published claims as experiments: each runs the public commands, reads the workspace, and draws.

One file an experiment. They share `lab` (running commands, resumably), `gather` (numbers out of runs), `report` (what
an experiment found) and `figure` (how it is drawn).
"""
