"""Chinese units, counters and roots in their international spelling."""

import re

from workbench.verify.normalize.numerals import in_digits
from workbench.verify.normalize.terms import CHINESE

_UNITS = {
    "千米": "km", "公里": "km", "厘米": "cm", "毫米": "mm", "分米": "dm", "米": "m", "公顷": "ha",
    "千克": "kg", "公斤": "kg", "毫克": "mg", "克": "g", "吨": "t", "毫升": "ml", "升": "L",
    "小时": "h", "分钟": "min", "分": "min", "秒": "s", "天": "day", "周": "week", "个月": "month", "年": "year",
    "元": "yuan", "角": "jiao", "里": "li", "斤": "jin", "亩": "mu", "度": r"\deg ", "摄氏度": "degC", "时": "h",
}  # fmt: skip
_NAMES = "|".join(sorted(_UNITS, key=len, reverse=True))
_POWERS = {"平方": "^2", "立方": "^3"}
_QUANTITY = re.compile(
    rf"(?<=[\d}})$])\s*(平方|立方)?({_NAMES})(?:\s*(?:/|每)\s*(平方|立方)?({_NAMES}))?(?![\u4e00-\u9fff])"
)
_COUNTERS = "个只人本条张块件支枝把辆台头匹棵朵颗粒盒箱袋瓶杯次题页名位道种对双套组层排间座艘架株篇段步"
_COUNTED = re.compile(rf"(?<=[\d}})])\s*[{_COUNTERS}](?![\u4e00-\u9fff])")
_OR = re.compile(r"\s*(?:或者|或)\s*")
_AND = re.compile(r"\s*(?:并且|且|和|与|及)\s*")
_ROOT = re.compile(r"根号\s*(\d+|[a-z])")
_ARC = re.compile(r"(\d+)度(\d+)分(?:(\d+)秒)?")
_UNSOLVED = re.compile(r"[^，,。；;]{0,20}无(?:实数)?解")
_ANY = re.compile("[\u4e00-\u9fff]")


def international(text: str) -> str:
    """`20平方厘米` as `20 cm^2`, `3个` as `3`, `根号2` as `\\sqrt{2}`; other Chinese text stays."""
    if text.isascii():
        return text
    if text.strip() in CHINESE:
        return CHINESE[text.strip()]
    if _UNSOLVED.fullmatch(text.strip(" .")):
        return CHINESE["无解"]
    if not _ANY.search(text):
        return text
    text = in_digits(_ARC.sub(_in_marks, text))
    text = _OR.sub(" or ", _AND.sub(" and ", text))
    text = _ROOT.sub(r"\\sqrt{\1}", text)
    return _COUNTED.sub("", _QUANTITY.sub(_unit, text))


def _in_marks(match: re.Match[str]) -> str:
    return f"{match[1]}\\deg {match[2]}'" + (f"{match[3]}''" if match[3] else "")


def _unit(match: re.Match[str]) -> str:
    area, name, below_area, below = match.groups()
    over = f"/{_UNITS[below]}{_POWERS.get(below_area, '')}" if below else ""
    return f" {_UNITS[name]}{_POWERS.get(area, '')}{over}"
