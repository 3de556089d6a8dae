"""Every error that VCCI raises on purpose.

    VcciError
    ├── InputError            the user's file, mapping or option        exit 3
    │   ├── FileRefusedError  a file that cannot be read safely or whole
    │   ├── MappingError      a mapping that does not fit its file
    │   └── QuestionError     an ambiguity that only a person may settle  exit 4
    ├── FactorError           factor packs and what they cannot answer  exit 5
    │   ├── PackError         a pack is missing, damaged or altered
    │   └── FactorNotFoundError
    ├── DatabaseError         PostgreSQL is away, old, or refuses       exit 6
    ├── ConfigurationError    settings that contradict or are unknown   exit 7
    ├── DeadlineError         work that took longer than it may         exit 10
    ├── RemoteError           another service is away or refuses        exit 11
    └── AccountingError       an invariant of the ledger broke: a bug   exit 8

An error says what happened, what was tried, and what to do. It knows no HTTP. `code` is stable and
documented; a bad *row* is never an error but a rejected row with a code of its own (domain/finding.py).
"""

from collections.abc import Iterable


class VcciError(Exception):
    """Something went wrong that a person can act on."""

    code = "vcci_error"
    exit_code = 1

    def __init__(self, what: str, *, remedy: str, code: str | None = None, tried: Iterable[str] = ()) -> None:
        self.what = what
        self.tried = tuple(tried)
        self.remedy = remedy
        self.code = code or type(self).code
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """The whole message: what happened, what was tried, what to do."""
        tried = f" Tried: {', '.join(self.tried)}." if self.tried else ""
        return f"{self.what}{tried} {self.remedy}"


class InputError(VcciError):
    """The user's file, mapping or option cannot be used as it is."""

    code = "input_refused"
    exit_code = 3


class FileRefusedError(InputError):
    """A file cannot be read safely or completely."""

    code = "file_refused"


class MappingError(InputError):
    """A mapping does not fit the file that it is used on."""

    code = "mapping_does_not_fit"


class QuestionError(InputError):
    """A column can be read in more than one way, and only a person may choose."""

    code = "question"
    exit_code = 4


class FactorError(VcciError):
    """Emission factors cannot answer."""

    code = "factor_error"
    exit_code = 5


class PackError(FactorError):
    """A factor pack is missing, damaged or altered."""

    code = "pack_error"


class FactorNotFoundError(FactorError):
    """No emission factor covers an activity."""

    code = "factor_not_found"

    def __init__(self, activity: str, *, tried: Iterable[str] = ()) -> None:
        super().__init__(
            f"No emission factor covers {activity}.",
            tried=tried,
            remedy="Name a pack that has it (--pack), or give a factor of your own in the mapping.",
        )


class DatabaseError(VcciError):
    """PostgreSQL is away, too old, or refuses."""

    code = "database_error"
    exit_code = 6


class ConfigurationError(VcciError):
    """Settings contradict each other or are unknown."""

    code = "configuration_error"
    exit_code = 7


class AccountingError(VcciError):
    """An invariant of the ledger does not hold; nothing was stored."""

    code = "accounting_error"
    exit_code = 8


class DeadlineError(VcciError):
    """Work took longer than its deadline allows."""

    code = "deadline_passed"
    exit_code = 10


class RemoteError(VcciError):
    """Another service is away, or refuses."""

    code = "remote_error"
    exit_code = 11
