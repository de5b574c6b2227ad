"""The long form of tests/workbench/verify/test_one_value.py: 50,000 responses under every profile."""

import pytest

from tests.workbench.verify.one_value_grammar import right_for_two
from workbench.verify import PROFILES, Verifier


@pytest.mark.parametrize("profile", PROFILES)
def test_no_response_is_right_for_two_golds(profile: str) -> None:
    with Verifier(profile) as verifier:
        assert right_for_two(verifier, seed=7, count=50_000) == []
