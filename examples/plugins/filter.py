"""A filter: groups whose answers were mostly cut off teach brevity rather than mathematics.

`eureka train demo 'filter={name: finished, share: 0.75}' --plugin filter.py`
"""

from pydantic import BaseModel, Field

from train import FILTERS, GroupFacts


class Settings(BaseModel):
    share: float = Field(0.5, ge=0, le=1)
    """At least this share of a group's responses must have ended by themselves."""


@FILTERS.register("finished", settings=Settings)
def finished(group: GroupFacts, settings: Settings) -> str | None:
    """The reason to leave a group out, or None. It also has rewards, lengths, correct, accuracy and the problem."""
    return "mostly_cut_off" if 1 - group.truncated.mean() < settings.share else None
