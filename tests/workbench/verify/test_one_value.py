"""An answer states one value: no response is right for two golds that differ in value."""

import pytest

from tests.workbench.verify.one_value_grammar import right_for_two
from workbench.verify import PROFILES, Verifier


@pytest.mark.parametrize("profile", PROFILES)
def test_no_response_is_right_for_two_golds(profile: str) -> None:
    with Verifier(profile) as verifier:
        assert right_for_two(verifier, seed=1, count=2_000) == []
