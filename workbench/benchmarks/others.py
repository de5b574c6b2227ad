"""Benchmarks without a file of their own here: their names are known, and for some the verifier's conventions."""

from workbench.verify.profiles import PROFILES, Profile

# As data sets and hub ids spell them; a hyphen may be missing.
OTHERS = ("mathverse", "olympiadbench", "mmmu", "we-math", "dynamath", "logicvista")

PROFILES.register("mathverse")(
    Profile("mathverse", several_boxes="last", percent="number", closeness="gold_decimals", loose=True)
)
PROFILES.register("olympiadbench")(
    Profile(
        "olympiadbench",
        several_boxes="last",
        missing_unit=False,
        convert_units=False,
        percent="any",
        closeness="relative",
        free_order=True,
        option_text=False,
    )
)
