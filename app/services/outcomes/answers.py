"""What mentees say of themselves, at the beginning of their support and later."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.models.questionnaires import Answer, Change
from app.models.reports import Question

IMPROVED = frozenset({Change.stopped, Change.reduced})
KNOWN = frozenset({Answer.yes, Answer.no})


@dataclass(frozen=True, slots=True)
class Episode:
    """One mentee's time of support: what they said at its beginning, and what changed.

    `changes` has nothing for a question that was never put again; `lost` says why there was no
    follow-up. ValueError where current self-harm is said by somebody who never harmed themselves.
    """

    baseline: Mapping[Question, Answer]
    changes: Mapping[Question, Change] = field(default_factory=dict)
    lost: str | None = None

    def __post_init__(self) -> None:
        if (
            self.said(Question.current_self_harm) is Answer.yes
            and self.said(Question.ever_self_harm) is Answer.no
        ):
            raise ValueError("current self-harm is self-harm: ever cannot be no")

    def said(self, question: Question) -> Answer:
        """What they answered at the beginning."""
        return self.baseline.get(question, Answer.not_asked)

    def became(self, question: Question) -> Change:
        """What became of it."""
        return self.changes.get(question, Change.unknown)
