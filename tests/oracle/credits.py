"""Credit notes that must follow a booked order, reckoned from the shop's raw bodies.

A credit note is an order with the other sign: what was given back, at the rates it was sold at. Each kind is read from what the shop
itself says of it: `refund` from the refund below the order, `edit` from the lines that are gone, `cancel` from all lines. A refund of
an amount alone is spread over the rates in proportion to what they sold for, VAT inside.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from orders import ZERO, BodyError, Line, Order, amount, load, woocommerce_line

REFUNDS = "rest-order-and-refunds.json"


def credit_note(kind: str, booked: Order, booked_from: Path, told_by: Path) -> Order:
    """The credit note of a booked order, with negative amounts; it adds up or this raises."""
    if kind == "refund":
        total, lines = _refund(booked, told_by)
    elif kind == "edit":
        lines = [_other_sign(line) for line in _lines_gone(booked_from, told_by)]
        total = sum((line.net + line.shop_vat for line in lines), ZERO)
    elif kind == "cancel":
        lines, total = [_other_sign(line) for line in booked.lines], -booked.total
    else:
        raise BodyError(f"no such kind of credit note: {kind}")
    vat = sum((line.shop_vat for line in lines), ZERO)
    note = Order(
        booked.shop, booked.identity, booked.number, booked.currency, booked.country, booked.payment_method, total, vat, tuple(lines)
    )
    note.check()
    return note


def _other_sign(line: Line) -> Line:
    return Line(line.kind, -line.net, line.quantity, line.rate, -line.shop_vat)


def _refund(booked: Order, told_by: Path) -> tuple[Decimal, list[Line]]:
    refunds = load(told_by.parent / REFUNDS)["refunds"]
    if len(refunds) != 1:
        raise BodyError(f"{told_by.parent.name}: the suite holds one refund to an order")
    refund = refunds[0]
    rates = {line["rate_id"]: amount(line["rate_percent"]) for line in refund["tax_lines"]}
    lines = [woocommerce_line(item, "goods", abs(item["quantity"]), rates) for item in refund["line_items"]]
    lines += [woocommerce_line(item, "shipping", 1, rates) for item in refund["shipping_lines"]]
    lines += [woocommerce_line(item, "fee", 1, rates) for item in refund["fee_lines"]]
    paid_back = amount(refund["amount"])
    return -paid_back, lines or _by_rate(booked, paid_back)


def _by_rate(booked: Order, paid_back: Decimal) -> list[Line]:
    """An amount over the rates; the suite holds one rate on such an order, so that nothing is left over by the division."""
    gross: dict[Decimal, Decimal] = {}
    for line in booked.lines:
        gross[line.rate] = gross.get(line.rate, ZERO) + line.net + line.shop_vat
    if len(gross) != 1:
        raise BodyError(f"order {booked.identity}: an amount over several rates is not in the suite")
    (rate,) = gross
    net = (paid_back * 100 / (100 + rate)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    return [Line("goods", -net, 1, rate, net - paid_back)]


def _lines_gone(booked_from: Path, told_by: Path) -> list[Line]:
    before, now = load(booked_from), load(told_by)
    rates = {line["rate_id"]: amount(line["rate_percent"]) for line in before["tax_lines"]}
    kept = {item["id"]: item for item in now["line_items"]}
    gone = []
    for item in before["line_items"]:
        if item["id"] not in kept:
            gone.append(woocommerce_line(item, "goods", item["quantity"], rates))
        elif (item["total"], item["total_tax"]) != (kept[item["id"]]["total"], kept[item["id"]]["total_tax"]):
            raise BodyError(f"{told_by.name}: a line that changed is not in the suite")
    return gone


def owed(last: Path) -> Decimal:
    """What a WooCommerce shop says in the end that the customer paid or owes: nothing when the order is cancelled, else its total less
    its refunds. `last` is the last body with amounts; a deletion says only the id."""
    body = load(last)
    if body["status"] in ("cancelled", "trash"):
        return ZERO
    return amount(body["total"]) + sum((amount(refund["total"]) for refund in body["refunds"]), ZERO)
