"""Pass rates as a histogram of text, for the terminal and for errors."""

from collections.abc import Iterable

_EDGES = [i / 10 for i in range(11)]


def pass_rate_histogram(rates: Iterable[float], width: int = 40) -> str:
    """One line a bin: exactly 0, ten bins of a tenth (lower bound included), exactly 1."""
    rates = list(rates)
    inner = [rate for rate in rates if 0 < rate < 1]
    bins = [("0", sum(rate <= 0 for rate in rates))]
    for i in range(10):
        low, high = _EDGES[i], _EDGES[i + 1]
        bins.append((f"{low:.1f}–{high:.1f}", sum(low <= rate < high for rate in inner)))
    bins.append(("1", sum(rate >= 1 for rate in rates)))
    most = max(count for _, count in bins) or 1
    return "\n".join(f"{label:>8} │{'█' * -(-count * width // most):<{width}} {count}" for label, count in bins)
