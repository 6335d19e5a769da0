import unicodedata

import pytest

from bot.words.language import detect, letters


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("A technical pause has been taken until tomorrow", "en"),
        ("Zelensky: talks tomorrow", "en"),
        ("The negotiations take a technical pause; minor things in Türkiye will continue in writing", "en"),
        ("У перемовинах взято технічну паузу до завтра", "uk"),
        ("Переговоры идут каждый день, без выходных", "ru"),
        ("после встречи", "ru"),
        ("робоча група до завтра", "uk"),
        ("перемир'я до завтра", "uk"),
        ("Лавров", ""),
        (unicodedata.normalize("NFD", "її їжа її"), "uk"),
        ("", ""),
        ("🚀 123", ""),
        ("https://example.org/переговоры @name #мы", ""),
        ("Görüşmeler yarın İstanbul'da başlayacak, dedi bakan, şimdi için çok önemli", ""),
        ("Lorem ipsum dolor sit amet consectetur adipiscing elit sed", ""),
        ("Песков: no comment", "en"),
        ("Заявление МИД РФ: we are ready", "ru"),
    ],
)
def test_the_language_of_a_text(text: str, language: str) -> None:
    assert detect(text) == language


def test_letters_decide_only_where_they_are_clear() -> None:
    assert letters("мы были") == "ru"
    assert letters("її їжа") == "uk"
    assert letters("мы її") == ""
    assert letters("нота") == ""
    assert letters(unicodedata.normalize("NFD", "її їжа")) == "uk"
