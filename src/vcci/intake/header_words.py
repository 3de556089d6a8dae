"""What ledgers call their columns, in English, German, French, Spanish, Dutch, Italian, and as fields of SAP.

Each name is worth points for one target. The difference decides: a name that leads by `MARGIN` is taken, and
where two are closer a person is asked. No name stands under two targets (a test holds that).
"""

from typing import Final

MARGIN: Final = 15
"""Points by which the best header has to lead; set so that `net amount` beats `amount` beats `gross amount`,
while `quantity` and any kind of amount are asked about."""

CAPITAL_WORDS: Final = ("capital", "capex", "cap", "capital expenditure", "capital expense")
"""What marks a capital row where the mapping does not say; any case."""

REVENUE_WORDS: Final = ("revenue", "rev", "opex", "revenue expenditure", "operating", "operational")
"""What else stands in a column of capital or revenue: with any other word it is not taken for one."""

HEADER_WORDS: Final[dict[str, dict[int, str]]] = {
    "supplier_id": {
        100: "lifnr|"
        "supplier id|supplier number|supplier no|supplier code|vendor id|vendor number|vendor no"
        "|vendor code|creditor number|payee id|merchant id|lieferantennummer|lieferanten nr"
        "|kreditorennummer|kreditoren nr|code fournisseur|numéro fournisseur|código de proveedor"
        "|código proveedor|leveranciersnummer|crediteurnummer|codice fornitore",
    },
    "supplier": {
        100: "supplier name|vendor name|merchant name|payee name|creditor name|name of supplier"
        "|lieferantenname|name des lieferanten|nom du fournisseur|nom fournisseur|nombre del proveedor"
        "|nombre proveedor|naam leverancier|leveranciersnaam|nome fornitore|ragione sociale",
        85: "name1|"
        "supplier|vendor|merchant|payee|creditor|beneficiary|lieferant|kreditor|fournisseur"
        "|proveedor|leverancier|crediteur|fornitore",
        50: "name|company|firma|société|empresa|bedrijf|azienda",
    },
    "account": {
        100: "txt20|txt50|wgbez|"
        "expenditure category|expense type|expense category|spend category|account name"
        "|account description|account detail|gl account name|gl account description|nominal description"
        "|kontobezeichnung|bezeichnung konto|libellé compte|nombre de la cuenta|naam grootboekrekening"
        "|descrizione conto",
        85: "account|gl account|ledger account|kostenart|compte|cuenta|grootboekrekening|conto",
        70: "category|commodity|procurement category|commitment item|expense area type|kategorie"
        "|warengruppe|catégorie|categoría|categorie|categoria",
    },
    "account_code": {
        100: "hkont|saknr|matkl|"
        "account code|account number|account no|expenditure code|cost code|gl code|gl account code"
        "|gl account number|nominal code|expense code|sachkonto|kontonummer|konto nr|numéro de compte"
        "|n° de compte|n° compte|código de cuenta|grootboeknummer|codice conto",
    },
    "description": {
        100: "sgtxt|txz01|maktx|"
        "description|item description|line description|transaction description|invoice description"
        "|beschreibung|buchungstext|désignation|libellé|descripción|omschrijving|descrizione",
        85: "narrative|text|detail|details|verwendungszweck|concepto|causale",
        70: "memo|purpose|purpose of spend|notes|comment",
    },
    "capital": {
        100: "capital or revenue|revenue or capital|capital revenue|revenue capital|cap or rev"
        "|capex opex|capex",
        70: "type|expenditure type|type of expenditure|spend type",
    },
    "date": {
        100: "budat|bldat|"
        "date|paid date|payment date|date paid|invoice date|posting date|transaction date"
        "|trans date|document date|datum|buchungsdatum|belegdatum|rechnungsdatum|zahlungsdatum"
        "|date de facture|date facture|date de paiement|date comptable|fecha|fecha de factura"
        "|fecha factura|fecha de pago|boekdatum|boekingsdatum|factuurdatum|betaaldatum|data|data fattura"
        "|data registrazione",
    },
    "period": {
        100: "period|accounting period|posting period|month|year month|periode|buchungsperiode|monat"
        "|mois|période|mes|periodo|período|maand|mese",
        85: "quarter|quartal|trimestre|kwartaal",
        70: "gjahr|year|calendar year|jahr|année|año|jaar|anno",
    },
    "quantity": {
        100: "net amount|invoice net amount|net value|amount excl vat|amount ex vat|amount excluding vat"
        "|net|nettobetrag|netto|montant ht|montant hors taxe|importe neto|base imponible|nettobedrag"
        "|importo netto|imponibile|net amt",
        90: "quantity|qty|menge|anzahl|quantité|cantidad|hoeveelheid|aantal|quantità|weight|mass"
        "|distance|consumption|usage|energy|volume|gewicht|poids|peso|verbrauch|consommation",
        85: "dmbtr|wrbtr|netwr|"
        "amount|value|spend|amount paid|paid amount|payment amount|invoice amount|transaction amount"
        "|total amount|line amount|amount in local currency|betrag|wert|rechnungsbetrag|montant|valeur"
        "|importe|valor|bedrag|importo|valore|amt",
        70: "gross amount|gross|total|amount incl vat|amount including vat|bruttobetrag|montant ttc"
        "|importe total|brutobedrag|importo lordo|gross amt|original gross amt",
        60: "cost|price|sum|kosten|coût|coste|costo",
    },
    "unit": {
        100: "waers|"
        "unit|uom|unit of measure|currency|currency code|einheit|mengeneinheit|währung|währungscode"
        "|unité|devise|monnaie|unidad|moneda|divisa|eenheid|valuta|unità|unità di misura",
    },
    "region": {
        100: "land1|"
        "country code|country|supplier country|vendor country|land|ländercode|pays|país|paese|landcode",
        70: "region",
    },
}
"""Names of columns by target and points, compared without case, spacing and punctuation."""

BARE_UNIT: Final = 70
"""Points of a header that is a currency and nothing else, as the quantity."""

HEADER_UNITS: Final = frozenset(
    """kg kgs g t lb lbs tonne tonnes ton tons kwh mwh gwh mj gj therm therms l litre litres liter liters m3
    km mi mile miles tkm pkm""".split()  # noqa: SIM905
)
"""Units, in small letters, that a header's last word or bracket may state. A bare `ton` is one of them, so
that it is refused as not known instead of missing."""
