"""Polars reads, casts and joins the two files of the benchmark; prints nanoseconds, threads, and lines with and without a document.

Only what the join needs is done: no line is checked, nothing is balanced, and no state of a document is made.
"""

import sys
import time

import polars


def joined(folder):
    amount = polars.Decimal(18, 2)
    lines = polars.scan_csv(f"{folder}/settlement.csv", infer_schema=False).with_columns(
        polars.col("gross", "fee", "net").cast(amount), polars.col("created").str.to_date("%Y-%m-%d")
    )
    documents = polars.scan_csv(f"{folder}/invoices.csv", infer_schema=False).with_columns(
        polars.col("total").cast(amount),
        polars.col("date").str.to_date("%Y-%m-%d"),
        polars.col("customer").cast(polars.UInt32),
        polars.col("order").str.strip_prefix("#"),
    )
    return lines.join(documents, on="order", how="left").collect()


started = time.perf_counter_ns()
table = joined(sys.argv[1])
took = time.perf_counter_ns() - started
without = table["number"].null_count()
print(took, polars.thread_pool_size(), table.height - without, without)
