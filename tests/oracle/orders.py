"""The raw bodies of the shops, read the way a bookkeeper reads a receipt.

This is the second opinion on the programs of this repository: it shares no code, no data structure and no author with
them. It knows only the shops' own JSON, exact decimals and the settings written in README.md beside it.
Every amount is a Decimal parsed from the text of the body; a binary float never takes part.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

ZERO = Decimal(0)

# Decimals of the currencies in the suite (ISO 4217). A currency that is not here is refused, never guessed.
CURRENCY_DECIMALS = {"DKK": 2, "SEK": 2, "NOK": 2, "EUR": 2, "USD": 2, "HKD": 2, "ISK": 0, "JPY": 0}

# An order without any address (a till, an order made by hand) is a sale in the merchant's own country.
HOME_COUNTRY = "DK"

# Products that are multi-purpose gift cards: a debt to the holder, no VAT until the card is used.
GIFT_CARD_SKUS = {"GIFT-250"}


class BodyError(Exception):
    """The body cannot be read as an order of the suite; says what is wrong."""


@dataclass(frozen=True)
class Line:
    """One thing sold: its kind, its net after discounts, its quantity, its VAT rate in percent and the shop's VAT."""

    kind: str
    net: Decimal
    quantity: int
    rate: Decimal
    shop_vat: Decimal


@dataclass(frozen=True)
class Order:
    """An order as the shop tells it. `total` and `vat_total` are the shop's own, with VAT and of VAT."""

    shop: str
    identity: str
    number: str
    currency: str
    country: str
    payment_method: str
    total: Decimal
    vat_total: Decimal
    lines: tuple[Line, ...] = field(default_factory=tuple)

    def check(self) -> None:
        """Raises unless the lines add up to the shop's own total and VAT exactly."""
        net = sum((line.net for line in self.lines), ZERO)
        vat = sum((line.shop_vat for line in self.lines), ZERO)
        if net + vat != self.total:
            raise BodyError(f"order {self.identity}: lines give {net + vat}, the shop says {self.total}")
        if vat != self.vat_total:
            raise BodyError(f"order {self.identity}: VAT of lines gives {vat}, the shop says {self.vat_total}")


def load(path: Path) -> Any:
    """A JSON file with exact numbers. An envelope with one key, such as {"order": {...}}, is opened."""
    body = json.loads(path.read_bytes(), parse_float=Decimal)
    if isinstance(body, dict) and len(body) == 1 and isinstance(next(iter(body.values())), dict):
        return next(iter(body.values()))
    return body


def amount(value: Any) -> Decimal:
    """An amount of a body. Text and whole numbers are exact; a Decimal comes from a JSON number by its text."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise BodyError(f"not an amount: {value!r}")
    return Decimal(value)


def woocommerce(body: dict[str, Any]) -> Order:
    """A WooCommerce order (REST v3). Amounts of lines are net of VAT and after coupons, whatever the shop's price mode."""
    rates = {line["rate_id"]: amount(line["rate_percent"]) for line in body["tax_lines"]}
    lines = [woocommerce_line(item, _kind_of(item["sku"]), item["quantity"], rates) for item in body["line_items"]]
    lines += [woocommerce_line(item, "shipping", 1, rates) for item in body["shipping_lines"]]
    lines += [woocommerce_line(item, "fee", 1, rates) for item in body["fee_lines"]]
    order = Order(
        shop="woocommerce",
        identity=str(body["id"]),
        number=body["number"],
        currency=body["currency"],
        country=body["shipping"]["country"] or body["billing"]["country"] or HOME_COUNTRY,
        payment_method=body["payment_method"],
        total=amount(body["total"]),
        vat_total=amount(body["total_tax"]),
        lines=tuple(lines),
    )
    order.check()
    return order


def _kind_of(sku: str) -> str:
    return "gift-card" if sku in GIFT_CARD_SKUS else "goods"


def woocommerce_line(item: dict[str, Any], kind: str, quantity: int, rates: dict[int, Decimal]) -> Line:
    """A line of an order or, with the other sign, of a refund."""
    applied = [rates[tax["id"]] for tax in item["taxes"] if tax["total"] != ""]
    if len(applied) > 1:
        raise BodyError(f"line {item['id']} has several taxes; the suite holds none such")
    rate = applied[0] if applied else ZERO
    return Line(kind, amount(item["total"]), quantity, rate, amount(item["total_tax"]))


def shopify(body: dict[str, Any]) -> Order:
    """A Shopify order in REST shape. Line prices are before discounts, and hold the VAT when `taxes_included` is true."""
    included = body["taxes_included"]
    lines = [_shopify_line(item, amount(item["price"]) * item["quantity"], item["quantity"], included) for item in body["line_items"]]
    for item in body.get("shipping_lines") or []:
        lines.append(_shopify_line({"kind": "shipping", **item}, amount(item["price"]), 1, included))
    tip = amount(body.get("total_tip_received") or "0")
    if tip:
        lines.append(Line("tip", tip, 1, ZERO, ZERO))
    gateways = [name for name in body.get("payment_gateway_names") or [body.get("gateway") or ""] if name]
    order = Order(
        shop="shopify",
        identity=str(body["id"]),
        number=body["name"],
        currency=body["currency"],
        country=_shopify_country(body),
        payment_method=gateways[0] if gateways else "",
        total=amount(body["total_price"]),
        vat_total=amount(body["total_tax"]),
        lines=tuple(lines),
    )
    order.check()
    return order


def _shopify_country(body: dict[str, Any]) -> str:
    for name in ("shipping_address", "billing_address"):
        country = (body.get(name) or {}).get("country_code")
        if country:
            return country
    return HOME_COUNTRY


def _shopify_line(item: dict[str, Any], price: Decimal, quantity: int, included: bool) -> Line:
    discount = sum((amount(part["amount"]) for part in item.get("discount_allocations") or []), ZERO)
    charged = [tax for tax in item.get("tax_lines") or [] if amount(tax["price"]) != 0]
    vat = sum((amount(tax["price"]) for tax in charged), ZERO)
    # Several taxes on one line (state and county) make no single rate; no such order is booked in the suite.
    rate = sum((amount(tax["rate"]) for tax in charged), ZERO) * 100
    net = price - discount - (vat if included else ZERO)
    kind = "gift-card" if item.get("gift_card") else item.get("kind", "goods")
    return Line(kind, net, quantity, rate, vat)


READERS = {"woocommerce": woocommerce, "shopify": shopify}
