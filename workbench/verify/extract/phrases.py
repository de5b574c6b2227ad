"""How languages announce an answer: what they call it, which verbs join it to its value, how its sentence ends."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """Regular expressions of one language.

    `answer` are its names, with what may stand before and behind them; `joins` the verbs between a name and the value
    (a colon and an equals sign join in every language); `endings` are what may close the sentence behind the value;
    `bare` says whether the name alone may stand before a number or an option's letter.
    """

    answer: str
    joins: str
    endings: str = ""
    bare: bool = False


LANGUAGES = {
    "Spanish": Phrases(r"respuesta(?: (?:final|correcta))?|resultado(?: final)?"
        r"|soluci[oó]n(?: final)?", "es|será|sería"),
    "French": Phrases(r"r[ée]ponse(?: (?:finale|correcte|exacte))?|r[ée]sultat(?: final)?", "est|sera|vaut"),
    "German": Phrases(
        r"(?:(?:end|end[- ]?g[uü]ltige |richtige |korrekte )?antwort|lösung"
        r"|(?:end)?ergebnis)", "ist|lautet|beträgt|wäre"
    ),
    "Portuguese": Phrases(r"resposta(?: (?:final|correta|certa))?|gabarito|resultado(?: final)?", "é|será"),
    "Italian": Phrases(r"risposta(?: (?:finale|corretta|esatta))?|risultato(?: finale)?|soluzione", "è|sarà"),
    "Dutch": Phrases(r"(?:juiste |eind)?antwoord|uitkomst", "is|luidt"),
    "Swedish, Danish, Norwegian": Phrases(r"(?:slut)?svar(?:et)?|facit", "är|er|blir"),
    "Polish": Phrases(r"(?:poprawna |ostateczna )?odpowied[źz]|wynik", "to|jest|brzmi|wynosi"),
    "Czech, Slovak": Phrases(r"(?:správná |konečná )?odpov[eě]ď|výsledek|výsledok", "je|zní"),
    "Romanian": Phrases(r"răspuns(?:ul)?(?: (?:final|corect))?", "este|e"),
    "Hungarian": Phrases(r"(?:a )?(?:végső |helyes )?válasz|eredmény", "az?"),
    "Finnish": Phrases(r"(?:oikea )?vastaus", "on"),
    "Turkish": Phrases(r"(?:doğru )?(?:cevap|yanıt|sonuç)", "şudur", r"['’]?(?:d[ıiuü]r|t[ıiuü]r)", bare=True),
    "Indonesian, Malay": Phrases(r"jawab(?:an)?(?:nya)?(?: (?:akhir|yang benar))?|jawapan(?:nya)?", "adalah|ialah"),
    "Vietnamese": Phrases(r"đáp (?:án|số)(?: đúng)?|câu trả lời|trả lời|kết quả", "là"),
    "Russian": Phrases(
        r"(?:(?:правильный|окончательный|верный|итоговый) )?ответ|результат", r"это|равен|равно|будет|—|–|-", bare=True
    ),
    "Ukrainian": Phrases(r"(?:правильна )?відповідь", r"це|—|–|-"),
    "Bulgarian": Phrases(r"отговор(?:ът|а)?", "е"),
    "Greek": Phrases(r"(?:η )?(?:τελική |σωστή )?απ[άα]ντηση", "είναι"),
    "Arabic": Phrases(r"(?:الجواب|الإجابة|الاجابة|جواب)(?: (?:النهائي|النهائية|الصحيح|الصحيحة))?", "هو|هي"),
    "Persian": Phrases(r"پاسخ(?: (?:نهایی|صحیح))?", "", "است"),
    "Hebrew": Phrases(r"התשובה(?: (?:הסופית|הנכונה))?", "היא"),
    "Hindi": Phrases(r"(?:अंतिम |सही )?उत्तर|जवाब", "", "है", bare=True),
    "Bengali": Phrases(r"(?:সঠিক )?উত্তর", "", "।", bare=True),
    "Thai": Phrases(r"คำตอบ(?:สุดท้าย|ที่ถูกต้อง)?", "คือ"),
    "Chinese": Phrases(
        r"(?:(?:最终|最后|正确|标准|参考)?的?(?:答案|結果|结果|选项|選項)|故答案"
        r"|(?<![回解问应])答(?!案))(?:应该|應該|就|应)?", "是|为|為|選|选",
        bare=True,
    ),
    "Japanese": Phrases(
        r"(?:最終的な|正しい)?(?:答え?|解答|回答|正解|解)", "は|が",
        r"(?:です|である|だ|となります|になります|となる|になる)",
    ),
    "Korean": Phrases(
        r"(?:최종 ?|올바른 )?(?:정답|답안?|해답)", "은|는|이",
        r"\s*(?:입니다|이다|이에요|예요|이며|가 됩니다|이 됩니다|임)",
    ),
}  # fmt: skip

_CASED = [p for p in LANGUAGES.values() if re.search("[a-zа-яα-ω]", p.answer[:40])]
_OTHER = [p for p in LANGUAGES.values() if p not in _CASED]
_DRESS = r"(?:\s|\*\*|__|[\]】〕])*"
_COLON = r"(?:[:：=]|：)"
_VALUE = r"(?=(?:\s|\*\*|\$|\\\(|\\\[)*[(（]?(?:-?\d|[A-H](?![A-Za-z])|\$|\\))"


def _announced(phrases: Phrases, bounds: bool) -> str:
    name = rf"\b(?:{phrases.answer})\b" if bounds else f"(?:{phrases.answer})"
    verbs = rf"(?:{phrases.joins})" + (r"(?!\w)" if bounds else "") if phrases.joins else ""
    joins = [_COLON, *([verbs + r"\s*[:：]?"] if verbs else []), *([_VALUE] if phrases.bare else [])]
    return f"{name}{_DRESS}(?:{'|'.join(joins)})"


ANNOUNCED = re.compile(
    "|".join([*(_announced(p, True) for p in _CASED), *(_announced(p, False) for p in _OTHER)])
    + r"|(?:故|应|應|所以|因此)?选(?:择|项)?\s*[:：]?\s*(?=[(（]?[A-H])",
    re.I,
)
ENDINGS = re.compile(
    "(?:" + "|".join(f"(?:{p.endings})" for p in LANGUAGES.values() if p.endings) + r")\s*[.。!]?\s*$", re.I
)

# Every announcement in plain ASCII has one of these in it: looking for words is cheaper than for expressions.
_STEMS = (
    "respuesta", "resultado", "solucion", "reponse", "resultat", "antwort", "ergebnis", "resposta", "gabarito",
    "risposta", "risultato", "soluzione", "antwoord", "uitkomst", "svar", "facit", "odpowied", "wynik", "odpoved",
    "vastaus", "cevap", "yanit", "jawab", "jawapan",
)  # fmt: skip


def may_announce(text: str) -> bool:
    """False where `text` has no announcement (`ANNOUNCED`) in it."""
    if not text.isascii():
        return True
    lower = text.lower()
    return any(stem in lower for stem in _STEMS)
