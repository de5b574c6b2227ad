"""Stored answers of models, whoever wrote them: one reader for scoring and for importing."""

from workbench.answers.layout import RESPONSE_KEYS
from workbench.answers.reader import NO_RESPONSE, StoredAnswer, StoredAnswers, read_answers, refuse_golds, spellings

__all__ = ["NO_RESPONSE", "RESPONSE_KEYS", "StoredAnswer", "StoredAnswers", "read_answers", "refuse_golds", "spellings"]
