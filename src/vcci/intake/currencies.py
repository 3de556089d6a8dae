"""Currencies as ledgers write them: ISO 4217 codes, and signs with the codes that they may stand for."""

from typing import Final

ISO_4217: Final = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD
    CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
    KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK
    NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD
    SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD
    XCG XOF XPF YER ZAR ZMW ZWG""".split()  # noqa: SIM905
)
"""Codes of national currencies; source: ISO 4217 list one, 2025, and HRK and ANG of years before."""

ENGLISH_WORDS: Final = frozenset(("ALL", "CUP", "GEL", "MAD", "MOP", "PEN", "TOP", "TRY"))
"""Codes that are words: in a header such as `total all` they count only in brackets."""

SIGNS: Final[dict[str, tuple[str, ...]]] = {
    "€": ("EUR",),
    "£": ("GBP",),
    "₹": ("INR",),
    "₽": ("RUB",),
    "₺": ("TRY",),
    "₩": ("KRW",),
    "₪": ("ILS",),
    "₴": ("UAH",),
    "₫": ("VND",),
    "฿": ("THB",),
    "₦": ("NGN",),
    "₱": ("PHP",),
    "zł": ("PLN",),
    "kč": ("CZK",),
    "ft": ("HUF",),
    "sfr": ("CHF",),
    "sfr.": ("CHF",),
    "r$": ("BRL",),
    "us$": ("USD",),
    "a$": ("AUD",),
    "au$": ("AUD",),
    "c$": ("CAD",),
    "ca$": ("CAD",),
    "nz$": ("NZD",),
    "hk$": ("HKD",),
    "s$": ("SGD",),
    "$": ("USD", "AUD", "CAD", "NZD", "HKD", "SGD", "MXN", "CLP", "COP", "ARS", "TWD"),
    "¥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK", "ISK"),
    "kr.": ("SEK", "NOK", "DKK", "ISK"),
    "fr.": ("CHF", "XOF", "XAF"),
    "rs": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"),
    "rs.": ("INR", "PKR", "LKR", "NPR", "MUR", "SCR"),
}
"""Signs, casefolded. More than one code: the sign alone does not say which currency it is."""


def currencies_of(mark: str) -> tuple[str, ...]:
    """Return the codes that a sign or code may stand for, none if it is neither; signs in any case."""
    return (mark,) if mark in ISO_4217 else SIGNS.get(mark.casefold(), ())
