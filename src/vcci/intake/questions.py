"""Questions that only a person may settle, collected so that they are answered in one go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vcci.errors import QuestionError


@dataclass(frozen=True, slots=True)
class Example:
    """A text that can be read in two ways: what it is by each answer."""

    text: str
    readings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """What can be read in two ways, both readings, and the answers that would settle it.

    `what` and `remedy` are for a command line; a page shows file, column (its header), target and examples.
    """

    code: str
    what: str
    remedy: str
    file: str = ""
    column: str = ""
    target: str = ""
    examples: tuple[Example, ...] = ()


def ask(questions: Sequence[Question]) -> None:
    """Raise one `QuestionError` for all questions; nothing if there are none."""
    if not questions:
        return
    codes = list(dict.fromkeys(question.code for question in questions))
    remedies = list(dict.fromkeys(question.remedy for question in questions))
    raise QuestionError(
        _listed(questions),
        remedy=" ".join(remedies),
        code=codes[0] if len(codes) == 1 else "several_questions",
    )


def _listed(questions: Sequence[Question]) -> str:
    if len(questions) == 1:
        return questions[0].what
    lines = (f"{number}. {q.what} [{q.code}]" for number, q in enumerate(questions, 1))
    return "\n".join((f"{len(questions)} questions are open.", *lines)) + "\n"
