#!/usr/bin/env python3
"""Expected balances of the accounting system's ledger, reckoned from the shops' raw bodies.

    balances.py [--contracts DIR] [--accounts FILE] --rounding per-line|per-rate [--timeline stepwise|burst]
                [--shop woocommerce|shopify|all] [--journal JOURNAL --out ASSERTED] [--check] [--json]

Which orders are booked, and from which delivery, is told by outcomes.json; why is written there and in README.md.
For each booked order this script reckons, with exact decimals:

1. The shop's total is what the customer owes: it is debited to the account of the payment method, to the smallest unit.
   A method settled by its payment term (a card) ends on the contra account, any other on the receivables.
2. Each order line is carried at its net after discounts. The accounting system takes a quantity and a unit price with as
   many decimals as the currency has, so a net that does not divide by the quantity becomes two document lines: with q units
   of net n (in smallest units), n mod q units at the price floor(n / q) + 1 and the rest at floor(n / q). No net is lost.
3. VAT in the ledger is the accounting system's: rate x net, rounded half away from zero to the ledger's decimals (2, for
   every currency). `per-line` rounds each document line of step 2; `per-rate` rounds once for all lines of a country and
   rate. The shop's own VAT amounts are not posted.
4. What is missing to the shop's total goes to the correction account, without VAT: total - (nets + VAT of step 3). It is
   at most half a smallest unit of the currency for each line of the order; a larger one would be held, and stops the script.
5. Revenue, VAT and correction are credited, the total debited: each order balances by itself, per currency.
6. A credit note is an order with the other sign (credits.py tells how each is read), posted by the same rules. It may correct by
   half a unit more, since VAT of a rate is rounded once more than on the invoice.

With --journal the balances are appended to that hledger journal as one last transaction of balance assertions, one for
every account and currency of the journal or of the expectation, zeros included: money on an account that nobody expects
fails the check as well. With --check `hledger check --strict` then judges the result.
The script stops with 1 when the check fails and with 2 when something cannot be reckoned.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Iterable

from credits import credit_note
from orders import CURRENCY_DECIMALS, READERS, ZERO, BodyError, Line, Order, load

HERE = Path(__file__).resolve().parent
FOLDERS = {"woocommerce": Path("webshops/woocommerce/captured"), "shopify": Path("webshops/shopify")}
Balances = dict[tuple[str, str], Decimal]


class Accounts:
    """Which account of the ledger takes what, from the mapping file (accounts.json shows its form)."""

    def __init__(self, mapping: dict[str, Any]) -> None:
        self.mapping = mapping

    def correction(self, country: str) -> str:
        """Takes the difference between the shop's total and the accounting system's."""
        return self._first("correction", {"country": country})

    @property
    def ledger_decimals(self) -> int:
        """Decimals that the accounting system rounds VAT to, whatever the currency."""
        return self.mapping["ledger-decimals"]

    def debtor(self, payment_method: str) -> str:
        """Where an order paid by this method ends when it is booked."""
        return self._first("payment", {"method": payment_method})

    def revenue(self, country: str, rate: Decimal, kind: str) -> str:
        """The sales account of a line."""
        return self._first("revenue", {"country": country, "rate": rate_text(rate), "kind": kind})

    def output_vat(self, country: str, rate: Decimal) -> str:
        """The account of the VAT owed to a country at a rate."""
        return self._first("output-vat", {"country": country, "rate": rate_text(rate)})

    def _first(self, table: str, wanted: dict[str, str]) -> str:
        for row in self.mapping[table]:
            if all(row[name] in ("*", value) for name, value in wanted.items()):
                return row["account"]
        raise BodyError(f"no account in '{table}' for {wanted}")


def rate_text(rate: Decimal) -> str:
    """A rate in percent as the mapping file writes it: 25, 7, 5.5."""
    text = format(rate, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def round_half_up(value: Decimal, decimals: int) -> Decimal:
    """Rounds half away from zero, as invoices do."""
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def document_lines(net: Decimal, quantity: int, decimals: int) -> list[Decimal]:
    """The nets of the document lines that one order line becomes: one, or two when the net does not divide."""
    smallest = net.scaleb(decimals)
    if quantity <= 0 or smallest != smallest.to_integral_value():
        raise BodyError(f"net {net} x {quantity} cannot be written with {decimals} decimals")
    price, dearer = divmod(abs(int(smallest)), quantity)
    sign = -1 if net < 0 else 1
    parts = [dearer * (price + 1), (quantity - dearer) * price] if dearer else [quantity * price]
    return [Decimal(sign * part).scaleb(-decimals) for part in parts]


def vat_by_rate(lines: Iterable[Line], currency_decimals: int, ledger_decimals: int, rounding: str) -> dict[Decimal, Decimal]:
    """VAT that the accounting system reckons, for each rate above zero."""
    exact: dict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if line.rate == 0:
            continue
        for net in document_lines(line.net, line.quantity, currency_decimals):
            vat = net * line.rate / 100
            exact[line.rate] += round_half_up(vat, ledger_decimals) if rounding == "per-line" else vat
    return {rate: round_half_up(vat, ledger_decimals) for rate, vat in exact.items()}


def post(order: Order, accounts: Accounts, rounding: str) -> Balances:
    """The entries of one booked order; they add up to zero."""
    decimals = CURRENCY_DECIMALS.get(order.currency)
    if decimals is None:
        raise BodyError(f"order {order.identity}: currency {order.currency} is not in the suite")
    entries: Balances = defaultdict(lambda: ZERO)
    entries[accounts.debtor(order.payment_method), order.currency] += order.total
    for line in order.lines:
        entries[accounts.revenue(order.country, line.rate, line.kind), order.currency] -= line.net
    vat = vat_by_rate(order.lines, decimals, accounts.ledger_decimals, rounding)
    for rate, vat_amount in vat.items():
        entries[accounts.output_vat(order.country, rate), order.currency] -= vat_amount
    correction = order.total - sum((line.net for line in order.lines), ZERO) - sum(vat.values(), ZERO)
    further = 1 if order.total < 0 else 0
    limit = Decimal(len(order.lines) + further).scaleb(-decimals) / 2
    if abs(correction) > limit:
        raise BodyError(f"order {order.identity}: correction {correction} passes the limit of {limit}")
    entries[accounts.correction(order.country), order.currency] -= correction
    if sum(entries.values(), ZERO) != 0:
        raise BodyError(f"order {order.identity}: entries do not balance")
    return dict(entries)


def booked_orders(outcomes: dict[str, Any], contracts: Path, shop: str, timeline: str) -> list[tuple[str, Order]]:
    """The orders that end as a booked invoice, each read from the body that it is booked from, and their credit notes."""
    booked = []
    for row in outcomes["orders"]:
        if shop not in ("all", row["shop"]) or row[timeline]["outcome"] != "booked":
            continue
        name = row[timeline]["from"]
        folder = contracts / FOLDERS[row["shop"]]
        order = READERS[row["shop"]](load(folder / name))
        booked.append((name, order))
        for credit in row[timeline].get("credits", []):
            note = credit_note(credit["kind"], order, folder / name, folder / credit["from"])
            booked.append((credit["from"], note))
    return booked


def add_up(orders: Iterable[Order], accounts: Accounts, rounding: str) -> Balances:
    """Balances per account and currency over all orders, zeros included where an account was touched."""
    balances: Balances = defaultdict(lambda: ZERO)
    for order in orders:
        for key, value in post(order, accounts, rounding).items():
            balances[key] += value
    return dict(balances)


POSTING = re.compile(r"^\s+(?:[*!]\s+)?(?![;\s])(?P<account>\S(?:.*?\S)?)(?:\s{2,}|\t|\s*$)(?P<rest>.*)$")
DATE = re.compile(r"^(?P<date>\d{4}-\d{2}-\d{2})\b")
COMMODITY = re.compile(r"\b[A-Z]{3}\b")


def read_journal(text: str) -> tuple[str, set[tuple[str, str]], list[str]]:
    """The last date, the accounts with the currencies posted to them, and the currencies in use."""
    last_date, keys, inside = "", set(), False
    for row in text.splitlines():
        dated = DATE.match(row)
        if dated:
            last_date, inside = max(last_date, dated["date"]), True
            continue
        if not row.startswith((" ", "\t")):
            inside = False
            continue
        posting = POSTING.match(row) if inside else None
        if posting:
            money = re.split(r"[;=@]", posting["rest"])[0]
            keys.update((posting["account"], currency) for currency in COMMODITY.findall(money))
    return last_date, keys, sorted({currency for _, currency in keys})


def amount_text(currency: str, value: Decimal) -> str:
    """An amount as the assertions write it; hledger takes any commodity style."""
    return f"{currency} {round_half_up(value, 2)}"


def assertions(journal: str, balances: Balances) -> str:
    """The journal with the expected balances appended as assertions on its last day."""
    last_date, posted, _ = read_journal(journal)
    if not last_date:
        raise BodyError("the journal holds no transaction")
    expected = dict(balances)
    for key in posted:
        expected.setdefault(key, ZERO)
    # An expectation of zero on an account that was never posted to would need a declaration that the journal may lack.
    expected = {key: value for key, value in expected.items() if value != 0 or key in posted}
    rows = [f"{last_date} * Expected balances, reckoned by tests/oracle/balances.py from the shops' raw bodies"]
    for (account, currency), value in sorted(expected.items()):
        rows.append(f"    {account}  {amount_text(currency, ZERO)} = {amount_text(currency, value)}")
    return journal.rstrip("\n") + "\n\n" + "\n".join(rows) + "\n"


def check(path: Path) -> int:
    """Lets hledger judge the journal: balanced, declared and every assertion true."""
    # It reads the journal in the language of its surroundings, which a plain machine does not name.
    utf8 = {**os.environ, "LC_ALL": "C.UTF-8"}
    command = ["hledger", "-f", str(path), "check", "--strict"]
    result = subprocess.run(command, env=utf8, text=True, capture_output=True, check=False)
    sys.stderr.write(result.stderr)
    print(f"hledger check --strict: {'passes' if result.returncode == 0 else 'FAILS'} ({path})")
    return 0 if result.returncode == 0 else 1


def arguments(given: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--contracts", type=Path, default=os.environ.get("BOGBRO_CONTRACTS"), help="default: $BOGBRO_CONTRACTS")
    parser.add_argument("--accounts", type=Path, default=HERE / "accounts.json")
    parser.add_argument("--outcomes", type=Path, default=HERE / "outcomes.json")
    parser.add_argument("--rounding", choices=["per-line", "per-rate"], required=True)
    parser.add_argument("--timeline", choices=["stepwise", "burst"], default="stepwise")
    parser.add_argument("--shop", choices=["woocommerce", "shopify", "all"], default="woocommerce")
    parser.add_argument("--journal", type=Path, help="journal that the accounting system exported")
    parser.add_argument("--out", type=Path, help="where the journal with assertions is written")
    parser.add_argument("--check", action="store_true", help="run hledger on --out")
    parser.add_argument("--json", action="store_true", help="print the balances as JSON")
    parsed = parser.parse_args(given)
    if parsed.contracts is None:
        parser.error("--contracts or BOGBRO_CONTRACTS must tell where the contracts are")
    if (parsed.journal is None) != (parsed.out is None) or (parsed.check and parsed.out is None):
        parser.error("--journal and --out go together, and --check needs them")
    return parsed


def main(given: list[str]) -> int:
    options = arguments(given)
    outcomes = json.loads(options.outcomes.read_text())
    accounts = Accounts(json.loads(options.accounts.read_text()))
    orders = booked_orders(outcomes, Path(options.contracts), options.shop, options.timeline)
    balances = add_up((order for _, order in orders), accounts, options.rounding)
    if options.json:
        rows = [{"account": account, "currency": currency, "balance": str(value)} for (account, currency), value in sorted(balances.items())]
        print(json.dumps({"orders": len(orders), "rounding": options.rounding, "balances": rows}, ensure_ascii=False, indent=1))
    else:
        print(f"{len(orders)} booked invoices and credit notes, VAT rounded {options.rounding}, timeline {options.timeline}")
        for (account, currency), value in sorted(balances.items()):
            print(f"  {account:<42} {currency} {value:>12}")
    if options.journal is None:
        return 0
    options.out.write_text(assertions(options.journal.read_text(), balances))
    return check(options.out) if options.check else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (BodyError, OSError, KeyError, json.JSONDecodeError) as problem:
        print(f"balances.py: {problem!r}", file=sys.stderr)
        sys.exit(2)
