"""The tendering adapter of the Credit Check SDK: OCDS read, every bidder checked, the result written back.

It imports the front door of the SDK only. Screening, the command line and the demonstration find it by the entry point
``tendering`` in the group ``credit_check.adapters.v1``.
"""

from credit_check_adapter_tendering.annotate import annotate, result_package
from credit_check_adapter_tendering.committee import committee_table, committee_table_async, to_rank
from credit_check_adapter_tendering.demo import TenderingAdapter
from credit_check_adapter_tendering.document import load
from credit_check_adapter_tendering.identity import Note
from credit_check_adapter_tendering.reader import OcdsReader
from credit_check_adapter_tendering.report import BidderResult, BidResult, TenderReport
from credit_check_adapter_tendering.tender import check_tender, check_tender_async, require_bid, require_bid_async

adapter = TenderingAdapter()
"""What the entry point names."""

__all__ = [
    "BidResult",
    "BidderResult",
    "Note",
    "OcdsReader",
    "TenderReport",
    "TenderingAdapter",
    "adapter",
    "annotate",
    "check_tender",
    "check_tender_async",
    "committee_table",
    "committee_table_async",
    "load",
    "require_bid",
    "require_bid_async",
    "result_package",
    "to_rank",
]
