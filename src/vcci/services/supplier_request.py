"""A supplier as a caller writes it (JSON): checked, and each identifier in the one form that is kept."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from vcci.domain.identifiers import country_code, duns_number, lei_code
from vcci.services.activity_request import Figure, Text


class SupplierStatus(StrEnum):
    """What a caller may say of a supplier; `merged` comes by merging."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    PENDING = "pending"


Duns = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{2}-?[0-9]{3}-?[0-9]{4}$"),
    AfterValidator(duns_number),
    Field(examples=["15-048-3782"]),
]
Lei = Annotated[
    str,
    StringConstraints(pattern="^[0-9A-Z]{18}[0-9]{2}$"),
    AfterValidator(lei_code),
    Field(examples=["506700GE1G29325QX363"], description="With check digits that fit (ISO 17442)."),
]
Country = Annotated[
    str,
    StringConstraints(pattern="^[A-Za-z]{2,3}$"),
    AfterValidator(country_code),
    Field(examples=["DEU"], description="Two or three letters of ISO 3166-1; two are kept."),
]


class SupplierRequest(BaseModel):
    """A supplier. `source_key` is what ledgers know it by; without one that is its name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    supplier_name: Text
    source_key: Text | None = None
    duns_number: Duns | None = None
    lei_code: Lei | None = None
    country: Country | None = None
    industry_code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.\-]{0,20}$")] = ""
    annual_spend_usd: Figure | None = None
    status: SupplierStatus = SupplierStatus.ACTIVE

    @property
    def key(self) -> str:
        """What ledgers know it by."""
        return self.source_key or self.supplier_name

    def details(self) -> dict[str, Any]:
        """Return what is said of the supplier, beside its key, as it is stored."""
        spend = self.annual_spend_usd
        return {
            "name": self.supplier_name,
            "duns_number": self.duns_number,
            "lei_code": self.lei_code,
            "country": self.country or "",
            "industry_code": self.industry_code,
            "annual_spend_usd": None if spend is None else Decimal(spend),
            "status": self.status.value,
        }
