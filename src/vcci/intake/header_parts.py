"""What a column is by the parts of its name, where the whole is on no list: `flight_date`, `CompteNum`.

A name is cut into words (at signs and capitals, German and Dutch compounds at the words in them), and each
word is of a kind, in English, German, French, Spanish, Dutch, Italian or Portuguese. The kinds decide: a word
such as `tax`, `due` or `centre` makes the column none that is asked for.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final

CAMEL: Final = re.compile(r"(?<=[^\W\d_A-Z]{2})(?=[A-Z])")
BY_PARTS: Final = 55
"""Points of a column told by its parts: a name on a list that is worth 70 or more leads by the margin."""

NET_BY_PARTS: Final = 85
"""Points of a net amount told by its parts: it leads any gross amount."""

GROSS_BY_PARTS: Final = 40

_KINDS: Final[dict[str, str]] = {
    "party": "supplier|suppliers|vendor|merchant|payee|creditor|contractor|seller"
    "|beneficiary|supp|vend|lieferant|lieferanten|kreditor|kred|lief|fournisseur"
    "|fourn|tiers|creancier|beneficiaire|proveedor|acreedor|tercero|beneficiario"
    "|prov|leverancier|crediteur|relatie|fornitore|fornecedor|credor|contact",
    "identifier": "id|no|nr|num|number|code|cod|key|n|nummer|numero|codigo|codice"
    "|schlussel|kennung|identifier",
    "registration": "siret|siren|nif|cif|nit|rut|rfc|kvk|cnpj|duns|ustid|taxid",
    "name": "name|nom|nombre|naam|nome|names",
    "text": "description|desc|descr|text|txt|narrative|beschreibung|bezeichnung|bez"
    "|libelle|lib|intitule|designation|descripcion|concepto|omschrijving|omschr"
    "|descrizione|descricao|causale",
    "account": "account|acct|acc|ledger|gl|nominal|konto|konten|sachkonto|compte|cpte"
    "|cuenta|subcuenta|grootboek|rekening|grootboekrekening|conto|sottoconto|conta",
    "category": "category|categories|classification|commodity|subcategory|kategorie|warengruppe"
    "|kostenart|nature|categorie|famille|categoria|kostensoort|artikelgroep"
    "|productgroep|cac",
    "group": "group|gruppe|groupe|grupo|groep|gruppo",
    "goods": "product|products|material|item|items|article|artikel|waren|ware|produit"
    "|producto|articulo|articolo|produto|produkt|goods|service|services",
    "amount": "amount|amt|value|total|sum|cost|spend|betrag|wert|summe|umsatz|kosten"
    "|aufwand|montant|mt|valeur|cout|importe|monto|valor|coste|bedrag|totaal"
    "|importo|valore|costo|imponibile|totale|gesamt",
    "measured": "quantity|qty|menge|anzahl|quantite|qte|cantidad|cant|uds|hoeveelheid"
    "|aantal|quantita|quantidade|weight|mass|distance|consumption|gewicht|poids"
    "|peso|volume|verbrauch|consommation|consumo",
    "net": "net|netto|neto|ht|nett|liquido|imponibile|hors",
    "gross": "gross|brutto|bruto|brut|ttc|lordo",
    "currency": "currency|curr|ccy|wahrung|waehrung|wkz|devise|monnaie|divisa|moneda|valuta|moeda",
    "unit": "unit|uom|einheit|unite|unidad|eenheid|unita|unidade",
    "measure": "measure|mesure|medida|maat|misura",
    "date": "date|datum|fecha|dt",
    "latin_date": "data",
    "period": "period|month|year|quarter|periode|monat|jahr|quartal|mois|annee|exercice"
    "|trimestre|periodo|mes|ano|ejercicio|maand|jaar|kwartaal|mese|anno"
    "|esercizio|exercicio",
    "country": "country|land|lander|pays|pais|paese",
    "document": "invoice|document|doc|bill|voucher|posting|transaction|trans|txn|booking"
    "|receipt|order|delivery|delivered|paid|payment|pay|purchase|rechnung"
    "|rechnungs|beleg|buchung|buchungs|buch|zahlung|zahlungs|bestell|bestellung"
    "|liefer|lieferung|leistung|leistungs|facture|ecriture|piece|paiement|achat"
    "|achats|commande|factura|asiento|pago|compra|factuur|boek|boeking|boekings"
    "|boekstuk|betaal|betaling|inkoop|fattura|registrazione|fatura|pagamento"
    "|facturee|geboekt",
    "other": "tax|vat|gst|mwst|ust|vorsteuer|steuer|steuersatz|tva|taxe|taxes|iva|btw"
    "|centre|center|centro|kostenstelle|kostenplaats|department|dept|departement"
    "|departamento|abteilung|afdeling|direction|directorate|division|project"
    "|projekt|projet|proyecto|price|preis|prix|precio|prijs|prezzo|preco"
    "|einzelpreis|stuksprijs|rate|kurs|discount|skonto|rabatt|remise|descuento"
    "|korting|sconto|balance|saldo|solde|insurance|margin|due|fallig|falligkeit"
    "|falligkeits|echeance|vencimiento|verval|scadenza|vencimento|scheduled"
    "|planned|expected|requested|sent|birth|valid|clearing|ausgleich|lettrage"
    "|let|reference|ref|referenz|referencia|referentie|riferimento|journal"
    "|journaal|diario|type|typ|kind|kennzeichen|kz|flag|indicator|indikator"
    "|status|term|terms|site|address|adresse|direccion|adres|street|city|town"
    "|postcode|zip|plz|ort|phone|email|iban|bic|bank|user|approver|employee"
    "|traveller|origin|destination|per|pack|gegenkonto|tegenrekening|first|last"
    "|prior|previous|next|start|end|expiry|created|modified|updated|upload"
    "|extract|haben|soll|credit|haber|manager|method|area|region|unitario"
    "|unitaire|running|cumulative",
    "customer": "customer|kunde|client|klant|cliente|debitor|debiteur|debtor",
    "plain": "of|the|in|for|by|from|to|and|a|de|du|des|la|le|les|l|d|del|el|los"
    "|las|da|do|di|della|der|die|das|und|fur|van|het|en|y|e|et|o|or"
    "|line|main|primary|local|home|base|basis|haus|original|billing"
    "|reimbursement|approved|lcy|fcy|loc|reporting|posted|aux|comp|general|kurz"
    "|short|long|lang|full|buy|sub|sach|position|positions|geschafts|geschaft"
    "|fiscal|financial|boekhoud|contable|comptable|contabil|contabile|expense"
    "|expenditure|depense|gasto|gastos|uitgave|ausgabe|spesa|despesa|procurement"
    "|published|1|2|level",
}
"""Kinds of words, in small letters and without accents."""

_PHRASES: Final = {
    "g l": "gl",
    "comp aux": "vendor",
    "raison sociale": "vendor",
    "ragione sociale": "vendor",
    "razon social": "vendor",
    "razao social": "vendor",
    "partita iva": "taxid",
    "vat registration": "taxid",
    "base imponible": "net amount",
    "base imposable": "net amount",
    "base tributavel": "net amount",
}
_WITHOUT: Final = "excl|exclusive|excluding|ex|without|ohne|exkl|hors|sans|sin|zonder|senza|sem|esclusa"
_WITH: Final = "incl|inclusive|including|with|inkl|mit|avec|con|met|com|inclusa"
_TAX: Final = "vat|tax|taxes|gst|mwst|ust|tva|taxe|iva|btw"
_TAX_NET: Final = re.compile(rf"\b(?:{_WITHOUT}) (?:{_TAX})\b")
_TAX_GROSS: Final = re.compile(rf"\b(?:{_WITH}) (?:{_TAX})\b")
_ASIDE: Final = re.compile(rf"[(\[]\s*(?:{_WITHOUT})\b(?!\W*(?:{_TAX})\b)[^)\]]*[)\]]")
"""What a bracket says a column is without: `Umsatz (ohne Soll/Haben-Kz)`."""

_LINKS: Final = ("", "s", "n", "en", "es")
_HEADS: Final = (
    *("datum", "betrag", "bedrag", "summe", "nummer", "bezeichnung", "text", "menge", "einheit", "wahrung"),
    *("monat", "jahr", "maand", "jaar", "omschrijving", "konto", "rekening", "kosten"),
)
"""Words that say what a compound is, whatever stands before them: `Flugdatum`."""

_SHORTEST_PART: Final = 3
_OPEN: Final = "?"
"""The kind of a word that is not known."""

_KIND: Final = {word: kind for kind, words in _KINDS.items() for word in words.split("|")}
_PARTS: Final = frozenset(word for word in _KIND if len(word) >= _SHORTEST_PART)


def points_by_parts(header: str, target: str) -> int:
    """Return how well the parts of a header fit a target, of 100; 0 if they do not, or tell another."""
    found, scored = told_by_parts(header)
    return scored if found == target else 0


@cache
def told_by_parts(header: str) -> tuple[str, int]:
    """Return the target that the parts of a header tell, and its points; an empty one if they tell none."""
    kinds = frozenset(_kinds(header))
    if "other" in kinds:
        return "", 0
    for target, fits in _RULES:
        if fits(kinds):
            return target, _points(target, kinds)
    return "", 0


def _points(target: str, kinds: frozenset[str]) -> int:
    if target != "quantity":
        return BY_PARTS
    return NET_BY_PARTS if "net" in kinds else GROSS_BY_PARTS if "gross" in kinds else BY_PARTS


def _kinds(header: str) -> list[str]:
    text = unicodedata.normalize("NFKD", _plain(header))
    text = _ASIDE.sub(" ", "".join(c for c in text if not unicodedata.combining(c)))
    text = " ".join(re.split(r"[\W_]+", text.replace("#", " no "))).strip()
    for phrase, words in _PHRASES.items():
        text = re.sub(rf"\b{phrase}\b", words, text)
    text = _TAX_GROSS.sub("gross", _TAX_NET.sub("net", text))
    return [kind for word in text.split() for kind in _of_word(word)]


def _plain(header: str) -> str:
    return CAMEL.sub(" ", header).replace("ß", "ss").casefold()


def _of_word(word: str) -> list[str]:
    if word == "wkz":
        return ["currency", "identifier"]
    if word in _KIND:
        return [_KIND[word]]
    if parts := _compound(word):
        return [_KIND[part] for part in parts]
    head = next((head for head in _HEADS if word.endswith(head) and len(word) > len(head) + 2), "")
    return [_OPEN, _KIND[head]] if head else [_OPEN]


def _compound(word: str) -> list[str]:
    """Return the known words that a compound is made of, the first as long as can be; none if it is none."""
    for end in range(len(word) - _SHORTEST_PART, _SHORTEST_PART - 1, -1):
        if word[:end] not in _PARTS:
            continue
        for link in _LINKS:
            rest = word[end:].removeprefix(link) if word[end:].startswith(link) else ""
            if rest in _PARTS:
                return [word[:end], rest]
            if rest and (parts := _compound(rest)):
                return [word[:end], *parts]
    return []


def _only(*allowed: str) -> Callable[[frozenset[str]], bool]:
    known = frozenset((*allowed, "plain"))
    return lambda kinds: kinds <= known


_AMOUNTS: Final = frozenset(("amount", "measured"))
_NAMES: Final = frozenset(("text", "name"))
_PARTY_ONLY: Final = _only("party", "name", "text")
_PARTY_CODE: Final = _only("party", "identifier", "registration", "account")
_ACCOUNT_ONLY: Final = _only("account", "category", "goods", "group", "name", "text", "document")
_ACCOUNT_CODE: Final = _only("account", "category", "goods", "group", "identifier")
_CURRENCY_ONLY: Final = _only("currency", "identifier", "document", "party", "amount")
_UNIT_ONLY: Final = _only("unit", "measure", "measured", "document", "identifier")
_PERIOD_ONLY: Final = _only("period", "document")
_COUNTRY_ONLY: Final = _only("country", "party", "identifier", "name")


def _is_account(kinds: frozenset[str]) -> bool:
    return bool(kinds & {"account", "category"}) or {"goods", "group"} <= kinds


_RULES: Final[tuple[tuple[str, Callable[[frozenset[str]], bool]], ...]] = (
    ("", lambda k: len(k & {"date", "period", "country"}) > 1 or ("date" in k and bool(k & _AMOUNTS))),
    ("date", lambda k: "date" in k or {"latin_date", "document"} <= k),
    ("", lambda k: "customer" in k),
    ("region", lambda k: "country" in k and _COUNTRY_ONLY(k)),
    (
        "unit",
        lambda k: "currency" in k and _CURRENCY_ONLY(k) and ("identifier" in k or "amount" not in k),
    ),
    ("unit", lambda k: "unit" in k and bool(k & {"measure", "measured"}) and _UNIT_ONLY(k)),
    (
        "quantity",
        lambda k: bool(k & _AMOUNTS) and not k & {*_NAMES, "identifier", "category", "group", "unit"},
    ),
    ("period", lambda k: "period" in k and _PERIOD_ONLY(k)),
    ("supplier_id", lambda k: "registration" in k and _PARTY_CODE(k)),
    ("supplier_id", lambda k: "party" in k and bool(k & {"identifier", "account"}) and _PARTY_CODE(k)),
    ("supplier", lambda k: "party" in k and _PARTY_ONLY(k)),
    ("account_code", lambda k: _is_account(k) and "identifier" in k and _ACCOUNT_CODE(k)),
    ("account", lambda k: _is_account(k) and _ACCOUNT_ONLY(k)),
    ("description", lambda k: "text" in k and not k & {"identifier", "party", "name"}),
)
"""Which kinds make which target, the first that fits; an empty one is none."""
