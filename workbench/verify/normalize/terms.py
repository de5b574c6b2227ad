"""Closed classes of words that mean the same: textbook terms in Chinese and English, days, months, what a reply can be.

Synonyms in prose are open and stay out of here.
"""

# Whole answers only; the key is compared, see `text_key`.
CHINESE = {
    "第一象限": "first quadrant", "第二象限": "second quadrant", "第三象限": "third quadrant",
    "第四象限": "fourth quadrant", "大于": ">", "小于": "<", "等于": "=", "不小于": "≥", "不大于": "≤",
    "大于等于": "≥", "小于等于": "≤", "大于或等于": "≥", "小于或等于": "≤", "不等于": "≠", "相等": "equal",
    "不相等": "not equal", "对": "yes", "是": "yes", "正确": "yes", "√": "yes", "错": "no", "错误": "no", "否": "no",
    "不是": "no", "不正确": "no", "不对": "no", "×": "no", "能": "yes", "不能": "no", "增大": "increase",
    "变大": "increase", "增加": "increase", "减小": "decrease", "变小": "decrease", "减少": "decrease",
    "不变": "unchanged", "平行": "parallel", "垂直": "perpendicular", "相交": "intersect", "相切": "tangent",
    "相离": "separate", "锐角": "acute angle", "直角": "right angle", "钝角": "obtuse angle",
    "平角": "straight angle", "锐角三角形": "acute triangle", "直角三角形": "right triangle",
    "钝角三角形": "obtuse triangle", "等腰三角形": "isosceles triangle", "等边三角形": "equilateral triangle",
    "等腰直角三角形": "isosceles right triangle", "正方形": "square", "长方形": "rectangle", "矩形": "rectangle",
    "菱形": "rhombus", "平行四边形": "parallelogram", "梯形": "trapezoid", "圆": "circle", "椭圆": "ellipse",
    "抛物线": "parabola", "双曲线": "hyperbola", "圆锥": "cone", "圆柱": "cylinder", "球": "sphere",
    "正数": "positive", "负数": "negative", "奇数": "odd", "偶数": "even", "质数": "prime", "合数": "composite",
    "无解": "no solution", "空集": "no solution", "无法确定": "cannot be determined",
    "不能确定": "cannot be determined", "全等": "congruent", "相似": "similar",
    "充分不必要": "sufficient but not necessary", "必要不充分": "necessary but not sufficient",
    "充要": "necessary and sufficient", "既不充分也不必要": "neither sufficient nor necessary", "氧气": "oxygen",
    "氢气": "hydrogen", "二氧化碳": "carbon dioxide", "水": "water", "星期一": "monday", "星期二": "tuesday",
    "星期三": "wednesday", "星期四": "thursday", "星期五": "friday", "星期六": "saturday", "星期日": "sunday",
    "星期天": "sunday", "上": "up", "下": "down", "左": "left", "右": "right", "东": "east", "西": "west",
    "南": "south", "北": "north",
}  # fmt: skip

# Of the key's form: lower case, no articles, no punctuation.
SAME = {
    "mon": "monday", "tue": "tuesday", "tues": "tuesday", "wed": "wednesday", "thu": "thursday", "thur": "thursday",
    "thurs": "thursday", "fri": "friday", "sat": "saturday", "sun": "sunday", "jan": "january", "feb": "february",
    "mar": "march", "apr": "april", "jun": "june", "jul": "july", "aug": "august", "sep": "september",
    "sept": "september", "oct": "october", "nov": "november", "dec": "december", "greater than": ">",
    "more than": ">", "larger than": ">", "bigger than": ">", "less than": "<", "smaller than": "<",
    "fewer than": "<", "equal to": "=", "equals": "=", "greater than or equal to": "≥", "less than or equal to": "≤",
    "not equal to": "≠", "le": "≤", "ge": "≥", "ne": "≠", "right angled triangle": "right triangle",
    "right angle triangle": "right triangle", "acute angled triangle": "acute triangle",
    "obtuse angled triangle": "obtuse triangle", "increases": "increase", "increasing": "increase",
    "increased": "increase", "decreases": "decrease", "decreasing": "decrease", "decreased": "decrease",
    "remains unchanged": "unchanged", "remains same": "unchanged", "stays same": "unchanged",
    "unchanging": "unchanged", "does not change": "unchanged", "trapezium": "trapezoid",
    "not enough information": "cannot be determined", "insufficient information": "cannot be determined",
    "not enough information to determine": "cannot be determined", "cannot determine": "cannot be determined",
    "can not be determined": "cannot be determined", "impossible to determine": "cannot be determined",
    "cannot determined": "cannot be determined", "quadrant i": "first quadrant", "quadrant ii": "second quadrant",
    "quadrant iii": "third quadrant", "quadrant iv": "fourth quadrant", "quadrant 1": "first quadrant",
    "quadrant 2": "second quadrant", "quadrant 3": "third quadrant", "quadrant 4": "fourth quadrant",
    "1st quadrant": "first quadrant", "2nd quadrant": "second quadrant", "3rd quadrant": "third quadrant",
    "4th quadrant": "fourth quadrant", "gray": "grey", "true": "yes", "false": "no",
}  # fmt: skip

# Behind a number these make another number, a doubt or a judgement of it, and name nothing that is counted.
NO_NOUNS = frozenset([
    "wrong", "false", "incorrect", "untrue", "invalid", "doubled", "tripled", "halved", "squared", "cubed", "inverse",
    "inverted", "reciprocal", "negated", "opposite", "factorial", "root", "modulo", "mod", "reversed", "exponent",
    "versus", "vs", "alternatively", "probably", "likely", "approximately", "about", "around", "roughly", "almost",
    "nearly", "unless", "except", "instead", "rather", "over", "under", "below", "above", "something", "answer",
    "answers", "guess", "half", "halves", "third", "thirds", "quarters", "fourths", "fifths", "sixths", "sevenths",
    "eighths", "ninths", "tenth", "tenths", "hundredth", "hundredths", "thousandth", "thousandths", "zero", "one",
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty", "thirty",
    "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million", "billion", "dozen",
    "percent", "no", "none", "never", "nothing", "ish", "too", "also", "otherwise", "else", "minus", "plus",
    "unknown", "undefined", "rejected", "reject", "excluded", "denied",
])  # fmt: skip
NOT_LAST = frozenset([
    "right", "positive", "negative", "true", "correct", "even", "odd", "prime", "many", "few", "much", "left",
])  # fmt: skip
