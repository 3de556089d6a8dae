"""Kinds and encodings are told from content, and asked where two fit."""

from pathlib import Path

import pytest

from vcci.errors import FileRefusedError, InputError, QuestionError
from vcci.intake.kinds import kind_of
from vcci.intake.sniff import encoding_of, likely_encodings


def written(folder: Path, content: bytes) -> Path:
    path = folder / "ledger.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Lieferant;Betrag €\nMüller & Söhne;3\nGroßhandel Köln;4\n", "cp1252"),
        ("Supplier,Amount (£)\nChildren’s home – rent,1\n", "cp1252"),
        ("Fournisseur;Montant\nSociété Générale;3\nÀ l’étranger, où;4\n", "cp1252"),
        ("Leverandør;Beløb\nKøbenhavn Lufthavn;3\nÅrhus Smørrebrød;4\n", "cp1252"),
        ("dostawca,kwota\nŻółć Łódź sp. z o.o.,1\nZakład Ślusarski Źródło,2\n", "cp1250"),
        ("tedarikçi,tutar\nIğdır Tekstil Şti,3\nGümüş Çelik,4\n", "cp1254"),
        ("поставщик,сумма\nООО Ромашка,100\nГазпром нефть,5\n", "cp1251"),
        ("поставщик,сумма\nООО Ромашка,100\nГазпром нефть,5\n", "koi8_r"),
        ("προμηθευτής,ποσό\nΑθήνα ΑΕ,3\n", "cp1253"),
        ("supplier,amount\nMüller GmbH,3\nSociété Générale,4\n", "cp850"),
        ("supplier,amount\nMüller GmbH,3\nSociété Générale,4\n", "mac_roman"),
        ("仕入先,金額\n株式会社サンプル,417606.57\n", "shift_jis"),
        ("仕入先,金額\nトヨタ自動車,5\n", "euc_jp"),
        ("供应商,金额\n北京科技有限公司,5\n上海贸易,6\n", "gb18030"),
        ("供應商,金額\n台灣積體電路,5\n", "big5"),
        ("supplier,amount\nACME,3\n", "utf-8"),
        ("supplier,amount\n株式会社,3\n", "utf-16-le"),
        ("supplier,amount\n株式会社,3\n", "utf-16-be"),
        ("supplier,amount\nMüller,3\n", "utf-32-le"),
        ("supplier,amount\nMüller,3\n", "utf-32-be"),
    ],
)
def test_encoding_is_told_without_a_mark(tmp_path: Path, text: str, codec: str) -> None:
    path = written(tmp_path, text.encode(codec))
    assert encoding_of(path, path.name, None) == codec


@pytest.mark.parametrize(
    ("codec", "told"), [("utf-8-sig", "utf-8"), ("utf-16", "utf-16-le"), ("utf-32", "utf-32-le")]
)
def test_byte_order_mark_decides(tmp_path: Path, codec: str, told: str) -> None:
    path = written(tmp_path, "näme\nx\n".encode(codec))
    assert encoding_of(path, path.name, None) == told


def test_text_that_two_encodings_read_differently_is_a_question(tmp_path: Path) -> None:
    path = written(tmp_path, "première,1\n".encode("cp1252"))
    with pytest.raises(QuestionError, match=r"cp1252 reads 'première'.*premičre.*--encoding") as asked:
        encoding_of(path, path.name, None)
    assert asked.value.code == "encoding_ambiguous"


def test_one_broken_byte_in_utf8_does_not_make_it_windows_text(tmp_path: Path) -> None:
    path = written(tmp_path, "Müller\nKöln\nGroß\n".encode() + b"caf\xe9\n")
    with pytest.raises(FileRefusedError, match="line 4") as refused:
        encoding_of(path, path.name, None)
    assert refused.value.code == "file_utf8_broken"


def test_unknown_encoding_is_refused_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, b"a\n1\n")
    with pytest.raises(InputError, match="klingon"):
        encoding_of(path, path.name, "klingon")


@pytest.mark.parametrize("told", ["utf-8", "UTF8", "utf-8-sig"])
def test_told_utf8_is_one_encoding_however_it_is_spelt(tmp_path: Path, told: str) -> None:
    path = written(tmp_path, b"\xef\xbb\xbfa\n")
    assert encoding_of(path, path.name, told) == "utf-8"


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"%PDF-1.7", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
        (b"Rar!\x1a", "a RAR archive"),
        (b'<?xml version="1.0"?>', "XML"),
        (b"\n <html><body>", "HTML"),
    ],
)
def test_other_kinds_are_refused_and_the_readable_ones_named(tmp_path: Path, head: bytes, words: str) -> None:
    path = written(tmp_path, head + b" etc.")
    with pytest.raises(FileRefusedError, match=rf"{words}.*CSV.*JSON lines") as refused:
        kind_of(path, path.name)
    assert refused.value.code == "file_kind_unknown"


def test_kind_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    path = written(tmp_path, b"PAR1....")
    assert kind_of(path, path.name) == "parquet"


@pytest.mark.parametrize(
    ("content", "found", "is_proven"),
    [
        (b"Muller,1\n", "utf-8", False),
        ("Müller,1\n".encode(), "utf-8", True),
        ("Müller,1\n".encode("utf-16"), "utf-16-le", True),
        ("Müller & Söhne, Köln\n".encode("cp1252"), "cp1252", False),
        ("première,1\n".encode("cp1252"), "", False),
        ("Müller\nKöln\nGroß\n".encode() + b"caf\xe9\n", "", False),
        (b"\x81\x00\x9d\xff\n", "", False),
    ],
)
def test_likely_encodings_are_told_also_where_one_is_a_question(
    tmp_path: Path, content: bytes, found: str, *, is_proven: bool
) -> None:
    path = written(tmp_path, content)
    likely = likely_encodings(path, path.name)
    assert (likely.found, likely.is_proven, bool(likely.encodings)) == (found, is_proven, True)
    assert not found or likely.encodings[0] == found
