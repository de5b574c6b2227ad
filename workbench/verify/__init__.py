"""The verifier: is this response's final answer the gold?"""

from workbench.verify.profiles import PROFILES, Profile
from workbench.verify.verdict import Judgement, Pair, Verdict
from workbench.verify.verifier import Verifier, shared_verifier

__all__ = ["PROFILES", "Judgement", "Pair", "Profile", "Verdict", "Verifier", "shared_verifier"]
