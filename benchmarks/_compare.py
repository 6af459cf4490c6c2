"""
Say which ratios have moved; it is a note and fails nothing.

    python benchmarks/_compare.py benchmarks/ratios.json build/ratios.json [--by 1.4] [--keep]

`--keep` puts those that were measured in the place of the kept ones; a person reads the difference.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def moved(kept: dict[str, float], measured: dict[str, float], by: float) -> list[str]:
    """Return a line for each ratio that is not within the factor of the kept one, or is in one file only."""
    lines = []
    for name in sorted({*kept, *measured}):
        before, now = kept.get(name), measured.get(name)
        if before is None or now is None:
            lines.append(f"{name}: {'new' if before is None else 'was not measured'}")
        elif not before / by <= now <= before * by:
            times = now / before if now > before else before / now
            lines.append(
                f"{name}: {before:.3g} -> {now:.3g}, {times:.1f} times {'slower' if now > before else 'faster'}"
            )
    return lines


def main() -> None:
    """Compare two files."""
    parser = argparse.ArgumentParser(description="Compare ratios of two sittings.")
    parser.add_argument("kept", type=Path)
    parser.add_argument("measured", type=Path)
    parser.add_argument(
        "--by", type=float, default=1.4, help="the factor within which nothing is said (default 1.4)"
    )
    parser.add_argument("--keep", action="store_true", help="keep what was measured")
    options = parser.parse_args()
    kept, measured = (
        json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        for path in (options.kept, options.measured)
    )
    lines = moved(kept, measured, options.by)
    print(f"{len(measured)} ratios, {len(lines)} to look at (a factor of {options.by:g} or more)")
    print(*lines, sep="\n")
    if options.keep:
        options.kept.write_bytes(options.measured.read_bytes())


if __name__ == "__main__":
    main()
