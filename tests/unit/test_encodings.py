"""Text files in the encodings of the world: decoded rightly or refused, never wrongly."""

import pytest

from serve_app.documents.encodings import decode_text
from serve_app.documents.errors import DocumentError
from serve_app.documents.text import read_html

JAPANESE = "これは価格に関する契約書です。価格は最終的なものではありません。支払いは三十日。"
CHINESE = "这是一份关于价格的合同。价格不是最终的。付款应在三十天内完成，否则合同无效。"
TAIWANESE = "這是一份關於價格的合約。價格不是最終的。付款應在三十天內完成，否則合約無效。"
KOREAN = "이것은 가격에 관한 계약서입니다. 가격은 최종적이지 않습니다. 지불은 삼십일 이내입니다."
RUSSIAN = "Это договор о цене. Цена не является окончательной. Оплата в течение тридцати дней."
UKRAINIAN = "Це договір про ціну. Ціна не є остаточною. Оплата здійснюється протягом тридцяти днів."
POLISH = "To jest umowa dotycząca ceny. Płatność następuje w ciągu dni, zażółć gęślą jaźń."
CZECH = "Toto je smlouva o ceně. Cena není konečná. Platba do třiceti dnů, příliš žluťoučký kůň."
GREEK = "Αυτή είναι μια σύμβαση για την τιμή. Η τιμή δεν είναι τελική. Η πληρωμή σε τριάντα ημέρες."
TURKISH = "Bu fiyatla ilgili bir sözleşmedir. Fiyat kesin değildir. Ödeme otuz gün içinde, şığ."
HEBREW = "זהו חוזה לגבי המחיר. המחיר אינו סופי. התשלום יתבצע תוך שלושים יום."
ARABIC = "هذا عقد بشأن السعر. السعر ليس نهائيا. يجب الدفع خلال ثلاثين يوما."
GERMAN = "Der Preis ist nicht endgültig. Für die Zahlung gilt: dreißig Tage, größere Änderungen."
FRENCH = "Le prix n’est pas définitif. « Déjà », à l’avance : 5 € – l’œuvre coûte 20 °C."
SPANISH = "El precio no es definitivo. ¿Cuándo se paga? Mañana, señor: «treinta» días."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((JAPANESE, each) for each in ("shift_jis", "cp932", "iso2022_jp", "utf-16", "utf-8")),
        *((CHINESE, each) for each in ("gbk", "gb18030", "utf-16", "utf-8-sig")),
        *((TAIWANESE, each) for each in ("big5", "utf-32")),
        *((KOREAN, each) for each in ("euc_kr", "cp949", "utf-16")),
        *((RUSSIAN, each) for each in ("cp1251", "koi8-r", "iso8859-5", "cp866", "utf-16-le")),
        *((UKRAINIAN, each) for each in ("cp1251", "koi8-u", "utf-16-be")),
        (POLISH, "cp1250"),
        (CZECH, "cp1250"),
        *((GREEK, each) for each in ("cp1253", "iso8859-7", "utf-16-be")),
        (HEBREW, "cp1255"),
        (ARABIC, "cp1256"),
        *((GERMAN, each) for each in ("cp1252", "latin-1", "utf-16-le")),
        *((FRENCH, each) for each in ("cp1252", "utf-16-be")),
        *((SPANISH, each) for each in ("cp1252", "latin-1")),
        ("naïve", "cp1252"),
        ("Le café est fermé.", "latin-1"),
    ],
)
def test_text_is_read_in_its_encoding(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (JAPANESE, "euc_jp"),
        (JAPANESE, "utf-16-le"),
        (RUSSIAN[:12], "cp1251"),
        (RUSSIAN, "mac_cyrillic"),
        (POLISH, "iso8859-2"),
        (CZECH, "iso8859-2"),
        (TURKISH, "cp1254"),
        (GERMAN, "cp850"),
        (GERMAN, "mac_roman"),
    ],
)
def test_text_whose_encoding_is_not_certain_is_refused(text: str, encoding: str) -> None:
    with pytest.raises(DocumentError, match=r"UTF-8|neither text"):
        decode_text(text.encode(encoding))


def test_text_far_into_a_file_counts() -> None:
    text = "plain\n" * 50_000 + RUSSIAN

    assert decode_text(text.encode("cp1251")) == text


@pytest.mark.parametrize(
    "declaration",
    [
        '<html><head><meta charset="windows-1251"></head><body>{}</body></html>',
        '<!-- a --><meta http-equiv="Content-Type" content="text/html; charset=cp1251"><p>{}</p>',
    ],
)
def test_page_is_read_in_the_encoding_that_it_declares(declaration: str) -> None:
    data = declaration.format("Ёж").encode("cp1251")

    assert "Ёж" in read_html(data)


def test_xml_document_is_read_in_the_encoding_that_it_declares() -> None:
    text = '<?xml version="1.0" encoding="windows-1251"?><p>Ёж</p>'

    assert decode_text(text.encode("cp1251")) == text


def test_page_without_a_declaration_is_detected() -> None:
    assert RUSSIAN in read_html(f"<p>{RUSSIAN}</p>".encode("cp1251"))


@pytest.mark.parametrize("encoding", ["cp437", "cp850"])
@pytest.mark.parametrize(
    "text",
    [
        "Ein schöner Tag für Müller, die Straße führt über die Brücke.",
        "Où est le café? Les élèves étaient à la fenêtre.",
        "Un café muy pequeño, por favor.",
    ],
)
def test_text_of_ms_dos_never_becomes_other_words(encoding: str, text: str) -> None:
    try:
        read = decode_text(text.encode(encoding))
    except DocumentError:
        return
    assert read == text
