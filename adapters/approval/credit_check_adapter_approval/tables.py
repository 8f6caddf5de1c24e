"""The exchange's tables as data: which fields must be there, and what its codes mean. It reads the adapter's own file only.

Codes differ from region to region, so none stands in the code: a region hands over its own with `Tables.extended`.
"""

# The annotations are read when the class is made, so they are not postponed here.

from collections.abc import Mapping
from functools import cache
from importlib import resources

from credit_check_sdk import Category, InputError, Several, Value

PERSONAL = frozenset(
    {
        "cn-resident-id",
        "cn-residence-permit",
        "cn-military-id",
        "cn-hk-macao-permit",
        "cn-taiwan-permit",
        "passport",
    }
)
"""Schemes that only a natural person can have."""
OF_ORGANISATIONS = frozenset({"cn-uscc", "cn-org-code", "cn-reg-no"})
"""Schemes that only an organisation or a sole trader can have."""


class Tables(Value):
    """What the case-exchange tables ask for and what their codes mean (全国一体化政务服务平台 办件数据)."""

    required: dict[str, Several[str]]
    """For each table, the fields that must be filled in."""
    categories: dict[str, Category]
    """申请人类型 (``applyer_type``), by code or by name."""
    schemes: dict[str, str]
    """证件类型 (``applyer_page_type``, ``contact_type``), by code or by name: GA/T 2000.156 and GB/T 36903."""
    event: str
    """业务动作 (``event_name``, two characters) under which the check is written back; the code list is the region's."""

    def extended(
        self,
        *,
        categories: Mapping[str, Category] | None = None,
        schemes: Mapping[str, str] | None = None,
        required: Mapping[str, tuple[str, ...]] | None = None,
        event: str | None = None,
    ) -> "Tables":
        """Give a copy with a region's own codes beside or in the place of the standard ones.

        Raises:
            InputError: *event* is longer than the two characters that the exchange has for it.
        """
        # The exchange declares event_name as two characters; a longer value would fail in the host's database.
        if event is not None and not 0 < len(event) <= 2:  # noqa: PLR2004  see above
            raise InputError(
                "event must be one or two characters",
                "event 须为一至两个字符",
                remedy_en="give the code of 业务动作 as the region's list has it",
                remedy_zh="请填写本地“业务动作”代码",
            )
        return Tables(
            required={**self.required, **(required or {})},
            categories={**self.categories, **(categories or {})},
            schemes={**self.schemes, **(schemes or {})},
            event=event or self.event,
        )


@cache
def standard() -> Tables:
    """Give the tables that come with the adapter."""
    text = (resources.files("credit_check_adapter_approval") / "data" / "tables.json").read_text(encoding="utf-8")
    return Tables.model_validate_json(text)
