"""Make spend.csv from Oxford City Council's published spending, without the names of private persons.

Run: `python examples/oxford-city-council/build.py SOURCES OUT`; README.md says what is changed and why.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import polars as pl

SOURCE: Final = "activity/uk_oxford_city_council_spend_over_500_2014_2017_shared_quarters.parquet"
"""The published quarters with harmonised columns, below the folder of sources."""

TITLES: Final = {
    "quarter": "Quarter",
    "service_area": "Service Area",
    "expenditure_category": "Expenditure Category",
    "expenditure_code": "Expenditure Code",
    "paid_date": "Paid Date",
    "trans_no": "Trans No",
    "amount": "Amount",
    "revenue_or_capital": "Revenue or Capital",
    "supplier_id": "Supplier ID",
    "supplier_name": "Supplier Name",
}
"""The columns of the source and what they are called in spend.csv."""

WITHHELD: Final = "Name withheld (may be a person)"
"""What stands in the place of a name."""

NO_DATE: Final = "00:00:00"
"""What a spreadsheet wrote for an empty date; spend.csv leaves the cell empty."""


def _entries(text: str) -> frozenset[str]:
    return frozenset(re.split(r"\s*[|\n]\s*", text))


def _words_of(text: str) -> frozenset[str]:
    return frozenset(re.split(r"\s+", text))


POSTINGS: Final = _entries(
    """ENVIRONMENTAL HEALTH REFUNDS|GENERAL EXPENSES|GRANT PAYMENTS|HOMELESSNESS HOLDING FEE MISC ACCOUNT
    HOUSING PAYMENTS|PLANNING APPLICATION REFUNDS|RENT REFUNDS|STAFF EXPENSES (CHEQUE)"""
)
"""Names that stand for a kind of payment, never for a payee."""

ACCOUNTS_OF_PERSONS: Final = _entries(
    """AR Refunds (Sundries & Periodics)|Advances - Salaries|Bank Credits Suspense|Board & Lodging Payments
    Bond Payments Homeless|Compensation|Creditors - BACS|DAAT|Deferred Charges Reversal
    Direct Payments Project Arrears|Disturbance Payments|Grants-Private Persons|Homeless Prevention
    Homelessness Accommodation Lease Payments|Homelessness Accomodation Lease Payments
    Leasholders Service Charge Refunds|Licences|Other Income|Property Rents/Income|Refunds
    Relocation Expenses|Rent Allowance Cheques (Home Choice)|Services - General Fees|Void Tenant Choice"""
)
"""Accounts whose payees are tenants, landlords, staff or applicants: no name of theirs is kept."""

LEGAL_FORMS: Final = _entries("LTD|LTLD|LLTD|LIMITED|LIMTED|TIMBERLIMITED|PLC|LLP|CIC|CIO")
"""Forms of registered bodies, with the publisher's misspellings."""

ORGANISATION_WORDS: Final = _words_of(
    """ACADEMY ACCOUNTANCY ACOUSTICS ACTION ADVERTISEMENT ADVISORY AGENCY AGENTS AGGREGATES ALLIANCE
    ALLOTMENT ALLOTMENTS ALLOTMNET AMBULANCE AMENITY AMUSEMENTS ARCHITECTS ART ARTS ASSICS ASSOC
    ASSOCIATES ASSOCIATION ASSOCIATIONS ASSOCIATON AUDIT AUTHORITY BADMINTON BALLET BARRISTERS
    BASKETBALL BLINDS BOARD BOOKS BOROUGH BOWLS BRANCH BROADBAND BROADWAY BROROUGH BUILDERS BUILDING
    BUREAU BUSINESS CATERING CEMETERY CENTRE CHAMBERS CHARITABLE CHARITY CHARTERED CHOIR CHOIRS CHURCH
    CITY CLEANING CLOTHING CLUB CO-OP CO-OPERATIVE COACHWORKS COALITION COLLEGE COMMISSION COMMITTEE
    COMMUNICATIONS COMMUNITY COMPANY CONCULTANTS CONFERENCE CONFERENCING CONSERVATION CONSTRUCTION
    CONSULT CONSULTANCY CONSULTANTS CONSULTING CONTAINERS CONTRACTORS CONTRACTS CONTROLS COUNCIL
    COUNCILS COUNSELLING COUNTRYWIDE CRICKET CYCLING DANCE DATA DECORATING DEFENCE DESIGN DEVELOPMENT
    DIGITAL DIRECT DISTRIBUTION DISTRICT DIVISION DOORS EDUCATION EDUCATIONAL ELECTRICAL ENERGY
    ENGINEERING ENGLAND ENTERPRISE ENTERPRISES ENTERTAINMENT ENVIRO ENVIRONMENT ENVIRONMENTAL EQUIPMENT
    ESTATE ESTATES EVENT EVENTS EXPERTS FABRICATIONS FC FEDERATION FENCING FESTIVAL FILM FIRE FLEET
    FLOWERS FOODBANK FOOTBALL FORESTRY FORUM FOUNDATION FRIENDS FUEL FUELS FUND FUNERAL FURNISHING
    FURNITURE GARAGE GARDEN GOLF GROUNDCARE GROUNDWORK GROUP HALL HANDLING HAULAGE HEALTH HEATING
    HERITAGE HIRE HOMES HOSPITALS HOTEL HOUSE HOUSING ILLUMINATION INDUSTRIAL INFORMATION INNOVATION
    INSTITUTE INSULATION INSURANCE INTERIORS INTERNATIONAL JUSTICE KARATE LABORATORIES LABORATORY LAND
    LANDLORDS LANDSCAPE LANDSCAPING LAW LEAFLET LEAGUE LEARNING LETTING LETTINGS LINK LINKS LOCKERS
    LOCKSMITHS MANAGEMENT MARKET MARKINGS MBC MEDIA MOTORS MUNICIPAL MUSEUM MUSIC NATIONAL NATIONWIDE
    NEIGHBOURHOOD NETWORK NETWORKS NEWS NHS NURSERIES NURSERY OFFICE ORCHESTRA ORGANISATION
    ORGANISATIONS OUTREACH PAINT PAINTS PARAMEDIC PARISH PARKING PARTNERS PARTNERSHIP PARTS PATHWAYS
    PAYMENT PCC PENSION PERFORMING PERSONNEL PHYSIOTHERAPY PLANNING PLANT PLAY PLAYGROUND PLAYGROUP
    PLAYHOUSE PLUMBING POLICE PRE-SCHOOL PRESERVATION PRIMARY PRINT PROBATION PRODUCTIONS PRODUCTS
    PROGRAMME PROJECT PROJECTS PROMOTIONAL PROPERTIES PROPERTY PUBLICATIONS PUBLISHING QUARTER
    RECREATION RECRUITMENT RECYCLING REFUGEE REGENERATION RENAULT RESEARCH RESIDENTIAL RESIDENTS RETAIL
    REVIVAL ROOFING ROWING RUGBY SAFETY SCAFFOLDING SCHEME SCHOOL SCHOOLS SCIENCE SECURITY SEEDS SENIORS
    SERVICE SERVICES SERVIES SHEDS SHOP SIGNS SKIES SOCIETY SOFTWARE SOLAR SOLICITORS SOLUTIONS SOUND
    SPARES SPECIALIST SPORT SPORTING SPORTS STATION STREET STUDENT STUDIO STUDIOS SUPPLIES SUPPLY
    SUPPORT SURVEY SURVEYORS SYSTEMS TECHNICAL TECHNOLOGIES TECHNOLOGY TELECOM TELEMARKETING TELEPHONE
    TEMPLE TENANTS THEATRE TOTAL TRADE TRAFFIC TRAINING TRANSPORT TREATMENTS TREE TRUCK TRUCK&TRAILER
    TRUST TURF TYRES UK UNIVERSITY VOLLEYBALL VOLUNTARY VOLUNTEERS VOUCHER WASTE WATER WELDING WELFARE
    WELLBEING WELSHSOCIETY WHEELCHAIR WILDLIFE WINDOW WINDOWS WINDSCREENS WORKERS WORKSHOP YOUTH"""
)
"""Words that no person has for a name; one of them is evidence of an organisation."""

ORGANISATIONS: Final = _entries(
    """A2 DOMINION|APSE|ASYLUM WELCOME|BARBOUR-ABI|BBOWT|BSI|BT REDCARE|C BREWER & SONS LTD|CABE|CLUTTONS
    CONSTRUCTIONLINE|CRISIS|DTZ|DVLA|E W BEARD LTD|E.ON|EGBERT H TAYLOR & CO LTD|ESPO|EVERSHEDS
    EXPERIENCE OXFORDSHIRE|F KLUCZNIK & SONS LTD T/A IAE|FUSION|FUSION LIFESTYLE|GVA GRIMLEY|HARDSCAPE
    HARTWELL FORD KIDLINGTON|HMRC|HOME START|INCHCAPE|IRRV|J B LEADBITTER & CO LTD
    J W RUDDOCK & SONS LTD|JACOBS|JONES LANG LASALLE|KEEP BRITAIN TIDY|KNIGHT FRANK|LABC|LEXIS NEXIS
    LEXISNEXIS BUTTERWORTHS|LGIU|MARSHALLS|MIDLAND HR|MISCO|MOTORLINE NISSAN OXFORD|MOUCHEL
    NEWSQUEST MIDLANDS WALES & SOUTH WEST|NEWSQUEST MIDLANDS, WALES & SOUTH WEST|NEWSQUEST OXFORDSHIRE
    NISBETS|NPOWER|OPEN DOOR|OSARCC|OTHC LEMON ZEST|OXFORD INSPIRES|P A TURNEY LTD
    PETER BRETT ASSOCIATES LLP|POST BY PHONE-PITNEY BOWES LT|ROBERT HALF|ROYAL MAIL|SHELTER|SOLACE
    ST MUNGOS|STEER DAVIES GLEAVE|T H WHITE LTD|THE GATEHOUSE|THE LEYS CDI|THE LOW CARBON HUB|THE PORCH
    THOMSON REUTERS|THYSSENKRUPP ENCASA|TIMBERYTE|TROWERS & HAMLINS|TRUSTFORD
    UNIVERSAL ACCESS & POWER PLAN|USTIGATE|VOSA|VRS VERICLAIM|WEBASPX|WEBER SHANDWICK|XPERTHR|YPO"""
)
"""Organisations known by name, where the words alone do not tell."""

GIVEN_NAMES: Final = _words_of(
    """ADAM ADRIAN ALAN ALEX ALEXANDRA ALFRED ALISON ALLEN AMY ANA ANDREW ANDREWS ANDY ANGELA ANN ANNA
    ANNABEL ANNE ANNE-MARIE ANTHONY AUDREY BARRY BEN BRIAN BRYNMOR CARL CAROLINE CAT CATHERINE CHARLES
    CHARLIE CHARLOTTE CHRIS CHRISTINE CHRISTOPHER CLAIRE CLARE COLIN CORAM CORINNE DAISY DAN DANIEL
    DARREN DAVE DAVID DAVIS DEBORAH DENIS DIANA DICK DONALD DOUGLAS ED EDWARD EGBERT ELIZABETH ELIZABTH
    ELLEN ELMER EMMA ERIC EVE FARID FIONA FRANCES FRANCIS FRANK FRASER FRED GARY GEOFF GEORGE GERALD
    GORDON GRAHAM HANNAH HARRY HEATHER HELEN HENRY HUGH IAN JACK JAMES JANE JANET JASON JEAN JENNY
    JEREMY JIM JOAN JOANNA JOE JOELLE JOHN JONATHAN JOSEPH JOSEPHINE JOSHUA JUDITH JULIA JULIE JULIE'S
    KAREN KATE KATHERINE KATIE KEITH KEN KEVAN KEVIN LAURA LEE LEON LESLIE LEWIS LIZ LOIS LOUISE LUCY
    LUKE MALCOLM MARC MARCUS MARGARET MARIA MARILYN MARK MARTIN MARY MATTHEW MAX MELANI MICHAEL MICHEAL
    MIKE MIRANDA NAOMI NATALIE NEIL NICHOLAS NICK NICOLAS NIGEL OLIVER OWEN PATRICK PAUL PETE PETER PHIL
    PHILIP PHILLIP RACHEL RAYMOND REBECCA RICHARD ROB ROBERT ROBIN ROD RODNEY ROGER ROLAND RON ROWIE ROY
    RUPERT RUTH RYAN SALLY SAM SARA SARAH SEAN SHEILA SHELLEY SIMON STANHOPE STEPHEN STEVE STEVEN STUART
    SUE SUSAN TEI TERRY THOMAS TIM TIMOTHY TINA TOM TONY TRACEY TREVOR VICTORIA VINCENT WALTON WENDY
    WILLIAM YASMIN"""
)
"""Given names in the ledger and common ones; one at the start of a name takes the whole name out."""

TITLES_OF_PERSONS: Final = re.compile(r"\b(MR|MRS|MS|MISS|DR|PROF|REV|SIR|QC|MESSRS)\b\.?")
"""A title anywhere takes the whole name out."""

PART_OF_A_NAME: Final = re.compile(r"^THE\s|\bT/AS?\b|\bT/[SZ]\b|\b(?:OF|RE)\b|[()/:]|\s-\s?")
"""Where another name may begin: `JOHN OTHER T/A ABC ROOFING`, `CHAMBERS (ANN OTHER)`."""


class Supplier(NamedTuple):
    """What a row says of its supplier, as published but without the padding."""

    account: str
    id: str
    name: str


def may_be_a_person(supplier: Supplier) -> bool:
    """Say whether a reader could find a private person in the name; in doubt it is so."""
    name = " ".join(supplier.name.upper().split())
    if not name or name in POSTINGS or name.startswith("REDACTED"):
        return False
    if supplier.account in ACCOUNTS_OF_PERSONS or TITLES_OF_PERSONS.search(name):
        return True
    if name in ORGANISATIONS:
        return False
    parts = [_words(part) for part in PART_OF_A_NAME.split(name)]
    return any(_starts_like_a_person(part) for part in parts) or not _is_an_organisation(_words(name))


def _words(name: str) -> list[str]:
    return re.findall(r"[\w'@-]+(?:&\w{3,})?", name.replace("U.K", "UK"))


def _starts_like_a_person(words: list[str]) -> bool:
    if len(words) < 2:
        return False
    return words[0] in GIVEN_NAMES or _initials_and_a_surname(words)


def _initials_and_a_surname(words: list[str]) -> bool:
    """Recognise `A B OTHER & SONS` and `AB & CD OTHER`, not `G P FABRICATIONS`, `QA LTD` or `ST MUNGOS`."""
    longest = 1 if LEGAL_FORMS & set(words) else 2
    first = next((n for n, word in enumerate(words) if len(word) > longest or word == "ST"), 0)
    return first > 0 and words[first] not in ORGANISATION_WORDS | LEGAL_FORMS


def _is_an_organisation(words: list[str]) -> bool:
    return bool((LEGAL_FORMS | ORGANISATION_WORDS) & set(words))


def without_persons(rows: list[Supplier]) -> Iterator[tuple[str, str]]:
    """Give (supplier_id, supplier_name) as they may be published, in the order of the rows."""
    numbers: dict[Supplier, str] = {}
    for row in rows:
        private = may_be_a_person(row)
        if private or _is_redacted(row):
            number = numbers.setdefault(row._replace(account=""), f"withheld-{len(numbers) + 1:04}")
            yield number, WITHHELD if private else row.name
        else:
            yield row.id, row.name


def _is_redacted(supplier: Supplier) -> bool:
    """Say whether the publisher took the name out but left the supplier's number."""
    return supplier.name.upper().startswith("REDACTED") or bool(supplier.id and not supplier.name)


def published(sources: Path) -> pl.DataFrame:
    """Return the published rows in published order, texts without the padding of the source."""
    return pl.read_parquet(sources / SOURCE).select(pl.col(TITLES).str.strip_chars())


def spend(sources: Path) -> pl.DataFrame:
    """Return the rows of spend.csv."""
    frame = published(sources)
    rows = frame.select("expenditure_category", "supplier_id", "supplier_name").rows()
    shown = list(without_persons([Supplier(*row) for row in rows]))
    return frame.with_columns(
        paid_date=pl.col("paid_date").replace(NO_DATE, ""),
        supplier_id=pl.Series([number for number, _ in shown]),
        supplier_name=pl.Series([name for _, name in shown]),
    ).select(pl.col(column).replace("", None).alias(title) for column, title in TITLES.items())


def main(sources: Path, out: Path) -> None:
    """Write spend.csv: UTF-8, LF, one header row."""
    spend(sources).write_csv(out, line_terminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
