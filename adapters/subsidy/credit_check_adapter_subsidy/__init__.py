"""The subsidy adapter of the Credit Check SDK: lists of applicants read, checked when applying and before payment.

It imports the front door of the SDK only. Screening and the demonstration find it by the entry point ``subsidy`` in the
group ``credit_check.adapters.v1``.
"""

from credit_check_adapter_subsidy.demo import SubsidyAdapter
from credit_check_adapter_subsidy.giving import GivingReader
from credit_check_adapter_subsidy.parquet import ParquetReader
from credit_check_adapter_subsidy.report import ApplicantResult, Clawback, SubsidyReport
from credit_check_adapter_subsidy.rounds import (
    apply_round,
    apply_round_async,
    disburse_round,
    disburse_round_async,
    require_payment,
    require_payment_async,
    track_round,
    track_round_async,
)
from credit_check_adapter_subsidy.tables import CsvReader
from credit_check_adapter_subsidy.workbook import ExcelReader

adapter = SubsidyAdapter()
"""What the entry point names."""

__all__ = [
    "ApplicantResult",
    "Clawback",
    "CsvReader",
    "ExcelReader",
    "GivingReader",
    "ParquetReader",
    "SubsidyAdapter",
    "SubsidyReport",
    "adapter",
    "apply_round",
    "apply_round_async",
    "disburse_round",
    "disburse_round_async",
    "require_payment",
    "require_payment_async",
    "track_round",
    "track_round_async",
]
