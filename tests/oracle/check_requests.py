#!/usr/bin/env python3
"""Holds bodies written to e-conomic against the vendor's own JSON Schemas (draft-03).

    check_requests.py [--contracts DIR] [--at-least N] RECORDED.jsonl [...]

Each line of a recording is one request: {"method": "POST", "path": "/invoices/drafts", "body": {...}}; a path may be a whole
address with a query. Only POST and PUT are looked at, and each of them must have a schema: an unknown address is a problem.
Beside what the schemas demand:

- `maxDecimal`, the vendor's own word for decimals, counted in the number's text: 1.10 has two, 1e-3 has three;
- no field that the schema does not know and none that it marks read-only, since the server ignores both silently and what was
  meant is lost (`self` is the exception: a reference may be written as its link);
- no null and no repeated key.

Stops with 1 when a body is wrong, or when fewer than --at-least bodies were found: an empty recording proves nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import urlsplit

import jsonschema

SCHEMAS = Path("accounting/e-conomic/legacy-schema")
SEGMENT = "[^/]+"
# Method, path below the service's root, schema file.
ROUTES = [
    ("POST", "/customers", "customers.post"),
    ("PUT", f"/customers/{SEGMENT}", "customers.customerNo.put"),
    ("POST", "/products", "products.post"),
    ("PUT", f"/products/{SEGMENT}", "products.productNumber.put"),
    ("POST", "/invoices/drafts", "invoices.drafts.post"),
    ("PUT", f"/invoices/drafts/{SEGMENT}", "invoices.drafts.draftInvoiceNumber.put"),
    ("POST", f"/invoices/drafts/{SEGMENT}/lines", "invoices.drafts.draftInvoiceNumber.lines.post"),
    ("POST", "/invoices/booked", "invoices.booked.post"),
    ("PUT", f"/invoices/booked/{SEGMENT}", "invoices.booked.bookWithNumber.put"),
    ("POST", "/orders/drafts", "orders.drafts.post"),
    ("PUT", f"/orders/drafts/{SEGMENT}", "orders.drafts.orderNumber.put"),
    ("POST", f"/journals/{SEGMENT}/vouchers", "journals.journalNumber.vouchers.post"),
    ("POST", "/payment-terms", "payment-terms.post"),
    ("PUT", f"/payment-terms/{SEGMENT}", "payment-terms.paymentTermsNumber.put"),
    ("POST", "/units", "units.post"),
    ("PUT", f"/units/{SEGMENT}", "units.unitNumber.put"),
]
TRAILING_COMMA = re.compile(r",(\s*[}\]])")


class RequestError(Exception):
    """A recording or schema that cannot be read."""


def schema_name(method: str, path: str) -> str | None:
    """The schema of a request, by method and path; none for an address that is not in the vendor's schemas."""
    for known, pattern, name in ROUTES:
        if known == method and re.search(f"(?:^|/){pattern.lstrip('/')}/?$", path):
            return name
    return None


def load_schema(contracts: Path, name: str) -> dict[str, Any]:
    """A schema file; two of the vendor's have trailing commas."""
    text = (contracts / SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8-sig")
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return json.loads(TRAILING_COMMA.sub(r"\1", text))


def read_recording(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line number and request of each line; numbers keep their text, repeated keys are refused."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, json.loads(line, parse_float=Decimal, object_pairs_hook=_no_repeats)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise RequestError(f"a key is repeated among {[key for key, _ in pairs]}")
    return found


def decimals(value: Any) -> int:
    """Decimals of a JSON number as it is written."""
    exponent = Decimal(value).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def body_problems(body: Any, schema: dict[str, Any]) -> list[str]:
    """Everything wrong with one body."""
    validator_class = jsonschema.Draft3Validator
    checker = validator_class.TYPE_CHECKER.redefine("number", _is_number).redefine("integer", _is_integer)
    validator = jsonschema.validators.extend(validator_class, type_checker=checker)(schema)
    found = [f"{_path(list(error.absolute_path))}: {error.message}" for error in validator.iter_errors(body)]
    return found + list(_vendor_problems(body, schema, []))


def _is_number(_checker: Any, value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _is_integer(_checker: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _path(parts: list[Any]) -> str:
    return ".".join(str(part) for part in parts) or "(body)"


def _vendor_problems(value: Any, schema: dict[str, Any], path: list[Any]) -> Iterator[str]:
    if value is None:
        yield f"{_path(path)}: null is refused by the server"
    elif isinstance(value, dict):
        known = schema.get("properties")
        for name, part in value.items():
            if known is None or name == "self":
                continue
            if name not in known:
                yield f"{_path([*path, name])}: the schema knows no such field"
            elif known[name].get("readOnly") or known[name].get("readonly"):
                yield f"{_path([*path, name])}: read-only, the server ignores it"
            else:
                yield from _vendor_problems(part, known[name], [*path, name])
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _vendor_problems(part, schema.get("items", {}), [*path, index])
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool) and "maxDecimal" in schema:
        if decimals(value) > schema["maxDecimal"]:
            yield f"{_path(path)}: {value} has more than {schema['maxDecimal']} decimals"


def request_problems(request: dict[str, Any], contracts: Path) -> list[str] | None:
    """Problems of one recorded request; none at all when it writes nothing."""
    method = request["method"].upper()
    if method not in ("POST", "PUT"):
        return None
    path = urlsplit(request["path"]).path
    name = schema_name(method, path)
    if name is None:
        return [f"{method} {path} is in none of the vendor's schemas"]
    return body_problems(request["body"], load_schema(contracts, name))


def main(given: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("recordings", nargs="+", type=Path)
    parser.add_argument("--contracts", type=Path, default=os.environ.get("BOGBRO_CONTRACTS"))
    parser.add_argument("--at-least", type=int, default=1)
    options = parser.parse_args(given)
    if options.contracts is None:
        parser.error("--contracts or BOGBRO_CONTRACTS must tell where the contracts are")
    checked, wrong = 0, 0
    for recording in options.recordings:
        for number, request in read_recording(recording.read_text()):
            problems = request_problems(request, Path(options.contracts))
            if problems is None:
                continue
            checked, wrong = checked + 1, wrong + bool(problems)
            for problem in problems:
                print(f"{recording}:{number}: {request['method']} {request['path']}: {problem}", file=sys.stderr)
    print(f"{checked} bodies against the vendor's schemas, {wrong} wrong")
    return 1 if wrong or checked < options.at_least else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (RequestError, OSError, KeyError, json.JSONDecodeError) as problem:
        print(f"check_requests.py: {problem!r}", file=sys.stderr)
        sys.exit(2)
