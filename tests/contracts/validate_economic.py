#!/usr/bin/env python3
"""Validates bodies sent to e-conomic against the vendor's own schemas.

    validate_economic.py DIRECTORY [CONTRACTS]

DIRECTORY holds one JSON file per body: {"name": ..., "request": "POST /invoices/drafts", "body": {...}}.
CONTRACTS (default: the environment's BOGBRO_CONTRACTS) holds accounting/e-conomic with legacy-schema and openapi.

Bodies for the OpenAPI services are held against their documents (OpenAPI 3.0: draft 4 with `nullable`). Beside draft-03 it checks what e-conomic adds or does not say: maxDecimal, read-only fields, and that no field is unknown
(the live server loses unknown fields in silence). It prints one line per fault and ends with 1 when there is any, and with 2
when it could not check at all: no body, no schema, a request without a schema.
"""

import json
import os
import re
import sys
from decimal import Decimal
from pathlib import Path

from jsonschema import Draft3Validator, Draft4Validator

# Which schema is for which request; {n} stands for a number.
SCHEMAS = {
    "POST /invoices/drafts": "invoices.drafts.post",
    "PUT /invoices/drafts/{n}": "invoices.drafts.draftInvoiceNumber.put",
    "POST /invoices/booked": "invoices.booked.post",
    "POST /orders/drafts": "orders.drafts.post",
    "PUT /orders/drafts/{n}": "orders.drafts.orderNumber.put",
    "POST /customers": "customers.post",
    "PUT /customers/{n}": "customers.customerNo.put",
    "POST /products": "products.post",
    "PUT /products/{n}": "products.productNumber.put",
    "POST /journals/{n}/vouchers": "journals.journalNumber.vouchers.post",
}

# Which service and which of its schemas is for which request.
SERVICES = {
    "POST /draft-entries/bulk": ("Journals", "DraftEntries"),
    "POST /journals/{n}/bookdraftentries": ("Journals", "BookEntriesParameters"),
    "POST /booked-entries/match": ("BookedEntries", "MatchBookedEntries"),
}
# Fields that a document calls read-only although they are what the call is for.
WRITTEN = {"entryIds"}
# What the document says of an entry in words only: lengths of texts, decimals, a pattern on a number, a number in a text.
ENTRY_TYPES = {2, 3, 4, 5, 10}
DATE_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$")


def load(path):
    """A schema; two of the vendor's have trailing commas."""
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", path.read_text(encoding="utf-8-sig")))


def resource_of(request):
    # A product's number is a text.
    request = re.sub(r"^PUT /products/[^/]+$", "PUT /products/{n}", request)
    return re.sub(r"/\d+(?=/|$)", "/{n}", request)


def decimals(number):
    exponent = Decimal(number).normalize().as_tuple().exponent
    return max(0, -exponent)


def beyond(schema, value, place, faults):
    """What draft-03 has no word for."""
    if isinstance(value, dict):
        properties = schema.get("properties")
        for name, inner in value.items():
            where = f"{place}.{name}" if place else name
            if properties is None:
                # The schema of a price group names its `self` without `properties`.
                if name not in schema:
                    faults.append(f"{where}: unknown field")
            elif name not in properties:
                faults.append(f"{where}: unknown field")
            else:
                beyond(properties[name], inner, where, faults)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            beyond(schema.get("items", {}), inner, f"{place}[{index}]", faults)
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        if "maxDecimal" in schema and decimals(value) > schema["maxDecimal"]:
            faults.append(f"{place}: {value} has more than {schema['maxDecimal']} decimals")
    elif value is None:
        faults.append(f"{place}: null")
    if schema.get("readOnly") or schema.get("readonly"):
        faults.append(f"{place}: read-only")


def whole(schema, root):
    """The schema with what it refers to in its place."""
    if isinstance(schema, list):
        return [whole(inner, root) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return whole(root["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], root)
    return {name: whole(inner, root) for name, inner in schema.items()}


def beyond_openapi(schema, value, place, faults):
    """What OpenAPI 3.0 says beside draft 4, and what its documents say in words."""
    name = place.rsplit(".", 1)[-1]
    if value is None:
        # `null` is refused, whatever `nullable` says.
        faults.append(f"{place}: null")
    elif isinstance(value, dict):
        for inner in value:
            where = f"{place}.{inner}" if place else inner
            if inner not in schema.get("properties", {}):
                faults.append(f"{where}: unknown field")
            else:
                beyond_openapi(schema["properties"][inner], value[inner], where, faults)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            beyond_openapi(schema.get("items", {}), inner, f"{place}[{index}]", faults)
    elif schema.get("format") == "date-time" and not DATE_TIME.match(str(value)):
        faults.append(f"{place}: {value} is no time")
    elif schema.get("format") == "int32" and isinstance(value, int) and not -2147483648 <= value <= 2147483647:
        faults.append(f"{place}: {value} does not fit")
    elif name == "entryTypeNumber" and value not in ENTRY_TYPES:
        faults.append(f"{place}: {value} is no type of an entry")
    elif name == "amount" and decimals(value) > 2:
        faults.append(f"{place}: {value} has more than 2 decimals")
    elif name == "text" and len(value.encode("utf-16-le")) // 2 > 250:
        faults.append(f"{place}: longer than 250")
    elif name == "customerInvoiceNumber" and not value.isdigit():
        faults.append(f"{place}: {value} is not numeric")
    if schema.get("readOnly") and name not in WRITTEN:
        faults.append(f"{place}: read-only")


def faults_of_service(document, folder, service, name):
    root = json.loads((folder / f"openapi-{service}.json").read_text(encoding="utf-8-sig"))
    schema = whole(root["components"]["schemas"][name], root)
    faults = []
    for error in Draft4Validator(schema).iter_errors(document["body"]):
        where = ".".join(str(part) for part in error.absolute_path)
        faults.append(f"{where}: {error.message}")
    beyond_openapi(schema, document["body"], "", faults)
    if name == "DraftEntries" and not 1 <= len(document["body"].get("entries", [])) <= 500:
        faults.append("entries: 1 to 500 are taken")
    return faults


def faults_of(document, folder):
    resource = resource_of(document["request"])
    if resource in SERVICES:
        return faults_of_service(document, folder.parent / "openapi", *SERVICES[resource])
    if resource not in SCHEMAS:
        return None
    schema = load(folder / f"{SCHEMAS[resource]}.schema.json")
    faults = []
    for error in Draft3Validator(schema).iter_errors(document["body"]):
        where = ".".join(str(part) for part in error.absolute_path)
        faults.append(f"{where}: {error.message}")
    beyond(schema, document["body"], "", faults)
    return faults


def main(arguments):
    contracts = arguments[2] if len(arguments) > 2 else os.environ.get("BOGBRO_CONTRACTS", "")
    folder = Path(contracts) / "accounting/e-conomic/legacy-schema"
    files = sorted(Path(arguments[1]).glob("*.json")) if len(arguments) > 1 else []
    if not files or not folder.is_dir():
        print("nothing to check: bodies and schemas are needed", file=sys.stderr)
        return 2
    bad = 0
    for file in files:
        document = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        faults = faults_of(document, folder)
        if faults is None:
            print(f"{document['name']}: no schema is known for {document['request']}", file=sys.stderr)
            return 2
        for fault in faults:
            print(f"{document['name']} ({document['request']}): {fault}")
        bad += bool(faults)
    print(f"{len(files)} bodies checked, {bad} with faults")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
