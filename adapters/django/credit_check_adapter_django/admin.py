"""Checks in Django's admin: a list to search and filter, and each check in full with identifiers masked. Read-only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.template.response import TemplateResponse
from typing_extensions import override

from credit_check_adapter_django.models import Check
from credit_check_adapter_django.using import credit, ledger_alias

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@admin.register(Check)
class CheckAdmin(admin.ModelAdmin):
    """Show checks; nobody can add, change or delete one."""

    list_display = ("decision", "case_id", "matter", "point", "department", "outcome", "decided_at", "environment")
    list_filter = ("outcome", "point", "matter", "department", "environment")
    search_fields = ("=decision", "=case_id")
    list_per_page = 50
    show_full_result_count = False
    actions = None

    @override
    def get_queryset(self, request: HttpRequest) -> Any:
        """Read the ledger where the settings say it is."""
        return Check.objects.using(ledger_alias() or "default")

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds a check by hand."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes a check."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes a check."""
        return False

    @override
    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show one check: what was asked, what came back, what was decided and answered; identifiers are masked."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        stored = credit().show(str(object_id)) if object_id else None
        if stored is None:
            raise Http404
        decision = stored.decision
        context = {
            **self.admin_site.each_context(request),
            "title": f"{decision.case_id} · {decision.point}",
            "opts": self.opts,
            "decision": decision,
            "masked": stored.case.subject.masked,
            "purpose": stored.case.purpose,
            "reasons": [*decision.reasons.zh, *decision.reasons.en],
            "responses": stored.responses,
            "touched_by": stored.touched_by,
            "document": json.dumps(decision.model_dump(mode="json"), ensure_ascii=False, indent=2),
        }
        return TemplateResponse(request, "admin/credit_check_adapter_django/check/check.html", context)

    @override
    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django keeps no history of what nobody changes."""
        raise Http404
