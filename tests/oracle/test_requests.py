"""check_requests.py must catch each kind of wrong body, or it proves nothing about the right ones."""

from __future__ import annotations

import json
import unittest

import check_requests
from test_oracle import contracts

DRAFT = {
    "date": "2026-11-23", "currency": "DKK", "layout": {"layoutNumber": 19}, "paymentTerms": {"paymentTermsNumber": 1},
    "customer": {"customerNumber": 5001}, "recipient": {"name": "Jens Hansen", "vatZone": {"vatZoneNumber": 1}},
    "references": {"other": "72 kxyz"},
    "lines": [{"product": {"productNumber": "MUG-11"}, "description": "Krus", "quantity": 2, "unitNetPrice": 79.20}],
}


class Bodies(unittest.TestCase):
    def setUp(self) -> None:
        place = contracts()
        if place is None:
            self.skipTest("SKIPPED: BOGBRO_CONTRACTS is not set, so no body was held against the vendor's schemas")
        self.contracts = place

    def problems(self, text: str, method: str = "POST", path: str = "/invoices/drafts") -> list[str]:
        line = f'{{"method": "{method}", "path": "{path}", "body": {text}}}'
        ((_, request),) = check_requests.read_recording(line)
        return check_requests.request_problems(request, self.contracts) or []

    def test_a_right_draft_passes(self) -> None:
        self.assertEqual(self.problems(json.dumps(DRAFT)), [])

    def test_each_kind_of_wrong_draft_is_caught(self) -> None:
        good = json.dumps(DRAFT)
        for wrong, word in [
            (good.replace('"currency": "DKK", ', ""), "currency"),
            (good.replace("79.2", "79.205"), "decimals"),
            (good.replace("79.2", '"79.20"'), "79.20"),
            (good.replace("79.2", "7920e-3"), "decimals"),
            (good.replace('"description": "Krus"', '"desciption": "Krus"'), "no such field"),
            (good.replace('"date"', '"grossAmount": 1, "date"'), "read-only"),
            (good.replace('"72 kxyz"', "null"), "null"),
            (good.replace('"MUG-11"', f'"{"X" * 26}"'), "too long"),
            (good.replace('"2026-11-23"', '"23/11"'), "23/11"),
        ]:
            with self.subTest(word=word, wrong=wrong):
                self.assertNotEqual(wrong, good)
                found = self.problems(wrong)
                self.assertTrue(any(word in problem for problem in found), found)

    def test_a_repeated_key_is_refused(self) -> None:
        self.assertRaises(check_requests.RequestError, self.problems, '{"currency": "DKK", "currency": "SEK"}')

    def test_every_route_has_its_schema(self) -> None:
        for method, pattern, name in check_requests.ROUTES:
            path = pattern.replace(check_requests.SEGMENT, "7")
            self.assertEqual(check_requests.schema_name(method, f"http://127.0.0.1:1{path}"), name)
            self.assertIn("properties", check_requests.load_schema(self.contracts, name))
        self.assertNotEqual(self.problems("{}", "POST", "/no-such-thing"), [])
        self.assertIsNone(check_requests.request_problems({"method": "GET", "path": "/customers", "body": None}, self.contracts))


if __name__ == "__main__":
    unittest.main()
