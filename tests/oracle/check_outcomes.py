#!/usr/bin/env python3
"""Holds outcomes.json against the raw bodies: nothing missing, nothing invented, every number as delivered.

    check_outcomes.py [--contracts DIR]

The outcomes themselves were decided by reading; this script only proves that the table is about these very bodies: 45
deliveries of which 42 are orders, each file once, each signature right, each total the body's own, each duplicate
byte-equal, no WooCommerce order held, each credit note the sum that the shop gives back, booked less credited what the shop says
that the customer paid, and the list of orders in step with the list of deliveries.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import os
import sys
from pathlib import Path
from typing import Any

from balances import FOLDERS, HERE
from credits import credit_note, owed
from orders import READERS, BodyError, amount, load

OUTCOMES = {"booked", "draft", "credited", "skipped", "held", "not for us", "duplicate"}
COLUMNS = {"file", "signature", "order", "outcome", "reason", "status", "total", "vat-total", "currency"}
DELIVERIES, ORDER_DELIVERIES, MOST_HELD_ORDERS = 45, 42, 0
SHOPIFY_FIXTURES = 21


def problems(outcomes: dict[str, Any], contracts: Path) -> list[str]:
    """Everything that is wrong with the table, in words; empty when it holds."""
    found = []
    for shop in ("woocommerce", "shopify"):
        for row in outcomes[shop]:
            found += [f"{row['file']}: {text}" for text in _row_problems(row, shop, contracts / FOLDERS[shop])]
    found += _count_problems(outcomes, contracts)
    found += _duplicate_problems(outcomes["woocommerce"], contracts / FOLDERS["woocommerce"])
    found += _order_problems(outcomes)
    found += _credit_problems(outcomes, contracts / FOLDERS["woocommerce"])
    return found


def _row_problems(row: dict[str, Any], shop: str, folder: Path) -> list[str]:
    found = []
    if set(row) - {"duplicate-of", "credit"} != COLUMNS or (row["outcome"] == "credited") != ("credit" in row) or row["outcome"] not in OUTCOMES or len(row["reason"]) < 20:
        found.append("columns, outcome or reason are not as agreed")
    path = folder / row["file"]
    if not path.is_file():
        return [*found, "no such file"]
    if shop == "woocommerce":
        found += _signature_problems(row, path)
    body = load(path)
    if row["total"] is None:
        return found + (["an order without total in the table"] if _is_order(body) else [])
    state = body["status"] if shop == "woocommerce" else body["financial_status"]
    total, vat = (body["total"], body["total_tax"]) if shop == "woocommerce" else (body["total_price"], body["total_tax"])
    if (row["order"], row["status"], row["total"], row["vat-total"], row["currency"]) != (str(body["id"]), state, total, vat, body["currency"]):
        found.append("order, status, total, VAT or currency differ from the body")
    if row["outcome"] in ("booked", "draft"):
        try:
            READERS[shop](body)
        except BodyError as problem:
            found.append(f"is to be booked, but {problem}")
    return found


def _is_order(body: Any) -> bool:
    return isinstance(body, dict) and "line_items" in body and ("financial_status" in body or "prices_include_tax" in body)


def _signature_problems(row: dict[str, Any], path: Path) -> list[str]:
    request = json.loads(path.with_name(path.name.removesuffix(".body") + ".request.json").read_text())
    headers = {name.lower(): value for name, value in request["headers"]}
    own = hmac.new(request["secret"].encode(), path.read_bytes(), hashlib.sha256).digest()
    if row["signature"] != base64.b64encode(own).decode() or row["signature"] != headers["x-wc-webhook-signature"]:
        return ["the signature is not that of these bytes"]
    return []


def _count_problems(outcomes: dict[str, Any], contracts: Path) -> list[str]:
    rows, found = outcomes["woocommerce"], []
    on_disk = {str(path.relative_to(contracts / FOLDERS["woocommerce"])) for path in (contracts / FOLDERS["woocommerce"]).glob("*/*.body")}
    if len(rows) != DELIVERIES or {row["file"] for row in rows} != on_disk:
        found.append(f"{len(rows)} WooCommerce rows for {len(on_disk)} deliveries, expected {DELIVERIES}, each once")
    orders = [row for row in rows if row["total"] is not None]
    if len(orders) != ORDER_DELIVERIES:
        found.append(f"{len(orders)} deliveries are orders, expected {ORDER_DELIVERIES}")
    held = {row["order"] for row in rows if row["outcome"] == "held"}
    if len(held) > MOST_HELD_ORDERS:
        found.append(f"{len(held)} WooCommerce orders are held, at most {MOST_HELD_ORDERS} may be")
    shopify = [row["file"] for row in outcomes["shopify"]]
    if len(shopify) != SHOPIFY_FIXTURES or len(set(shopify)) != SHOPIFY_FIXTURES:
        found.append(f"{len(shopify)} Shopify rows, expected {SHOPIFY_FIXTURES}, each once")
    for path in sorted((contracts / FOLDERS["shopify"]).glob("*/*.json")):
        name = str(path.relative_to(contracts / FOLDERS["shopify"]))
        if name not in shopify and (_is_order(load(path)) or "refund" in path.name):
            found.append(f"{name}: an order or refund fixture that the table leaves out")
    return found


def _duplicate_problems(rows: list[dict[str, Any]], folder: Path) -> list[str]:
    found, seen = [], {}
    for row in rows:
        content = (folder / row["file"]).read_bytes()
        first = seen.setdefault(content, row["file"])
        if (row["outcome"] == "duplicate") != (first != row["file"]) or row.get("duplicate-of", first) != first:
            found.append(f"{row['file']}: duplicate or not, the bytes say {first}")
    return found


def _order_problems(outcomes: dict[str, Any]) -> list[str]:
    """The list of orders says the same as the deliveries: the first one that is not a duplicate decides, stepwise."""
    found = []
    rows = {(shop, row["file"]): row for shop in ("woocommerce", "shopify") for row in outcomes[shop]}
    for order in outcomes["orders"]:
        for timeline in ("stepwise", "burst"):
            row = rows.get((order["shop"], order[timeline]["from"]))
            if row is None or row["order"] != order["order"]:
                found.append(f"order {order['order']}: its {timeline} file is not one of its deliveries")
        row = rows.get((order["shop"], order["stepwise"]["from"]), {})
        if row.get("outcome") != order["stepwise"]["outcome"]:
            found.append(f"order {order['order']}: stepwise outcome differs from its delivery")
    listed = {(order["shop"], order["stepwise"]["from"]) for order in outcomes["orders"]}
    for (shop, name), row in rows.items():
        if row["outcome"] in ("booked", "draft") and (shop, name) not in listed:
            found.append(f"{name}: {row['outcome']}, but not in the list of orders")
    return found


def _credit_problems(outcomes: dict[str, Any], folder: Path) -> list[str]:
    """Each credit note is what the shop gave back, and per order booked less credited is what the shop says was paid."""
    found = []
    rows = {row["file"]: row for row in outcomes["woocommerce"]}
    told = set()
    for order in outcomes["orders"]:
        if order["shop"] != "woocommerce" or order["stepwise"]["outcome"] != "booked":
            continue
        booked_from = folder / order["stepwise"]["from"]
        booked = READERS["woocommerce"](load(booked_from))
        left = booked.total
        for credit in order["stepwise"].get("credits", []):
            row = rows.get(credit["from"], {})
            told.add(credit["from"])
            note = credit_note(credit["kind"], booked, booked_from, folder / credit["from"])
            stated = row.get("credit", {})
            if (amount(stated.get("total", "0")), amount(stated.get("vat", "0"))) != (-note.total, -note.vat_total):
                found.append(f"{credit['from']}: the table credits {stated}, the bodies {-note.total} with VAT {-note.vat_total}")
            left += note.total
        with_amounts = [row["file"] for row in outcomes["woocommerce"] if row["order"] == order["order"] and row["total"] is not None]
        paid = owed(folder / with_amounts[-1])
        if left != paid:
            found.append(f"order {order['order']}: booked less credited is {left}, the shop says {paid}")
    untold = {name for name, row in rows.items() if row["outcome"] == "credited"} - told
    return found + [f"{name}: credited, but not in the list of orders" for name in sorted(untold)]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--contracts", type=Path, default=os.environ.get("BOGBRO_CONTRACTS"))
    contracts = parser.parse_args().contracts
    if contracts is None:
        parser.error("--contracts or BOGBRO_CONTRACTS must tell where the contracts are")
    outcomes = json.loads((HERE / "outcomes.json").read_text())
    found = problems(outcomes, Path(contracts))
    for text in found:
        print(text, file=sys.stderr)
    counts: dict[str, int] = {}
    for row in outcomes["woocommerce"]:
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
    held = sorted({row["order"] for row in outcomes["woocommerce"] if row["outcome"] == "held"})
    print(f"WooCommerce: {counts}, held orders {held}; Shopify: {len(outcomes['shopify'])} fixtures; {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
