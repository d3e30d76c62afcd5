#!/usr/bin/env python3
"""Reads a payout's statement with pypdf, a reader of others, and compares every row and every amount with what it was made of.

    read_statement.py STATEMENT.pdf EXPECTED.json

EXPECTED: {"rows": [[cell, ...], ...], "amounts": [text, ...], "texts": [text, ...], "pages": least number of pages}. Each row stands in
one line of the text, in that order, cell after cell; all figures with two decimals in the text are exactly `amounts`; each of `texts` is
somewhere. Prints one line per fault and ends with 1 when there is any.
"""

import json
import re
import sys
from collections import Counter

import pypdf

# A figure with two decimals, in either language, standing alone.
FIGURE = re.compile(r"(?<![\w.,-])-?\d{1,3}(?:[.,]\d{3})*[.,]\d{2}(?![\w.,])")


def main(arguments):
    reader = pypdf.PdfReader(arguments[1], strict=True)
    pages = [page.extract_text() for page in reader.pages]
    with open(arguments[2], encoding="utf-8") as file:
        expected = json.load(file)
    lines = [line for page in pages for line in page.splitlines()]
    text = "\n".join(lines)
    faults = []
    place = 0
    for row in expected["rows"]:
        pattern = re.compile(r"^\s*" + r"\s+".join(re.escape(cell) for cell in row) + r"\s*$")
        while place < len(lines) and not pattern.match(lines[place]):
            place += 1
        if place == len(lines):
            faults.append(f"no line, or not in its place: {row}")
            break
        place += 1
    found, wanted = Counter(FIGURE.findall(text)), Counter(expected["amounts"])
    for amount, count in ((wanted - found) | (found - wanted)).items():
        faults.append(f"{amount}: {found[amount]} times, and {wanted[amount]} were expected ({count} off)")
    faults.extend(f"nowhere: {words}" for words in expected["texts"] if words not in text)
    if len(pages) < expected["pages"]:
        faults.append(f"{len(pages)} pages")
    for fault in faults:
        print(fault)
    print(f"{len(pages)} pages, {sum(found.values())} amounts, {len(expected['rows'])} rows, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
