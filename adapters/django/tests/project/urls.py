"""Addresses of the host in the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

if TYPE_CHECKING:
    from django.http import HttpRequest


def approve(request: HttpRequest, number: str) -> HttpResponse:
    """Approve a file."""
    row = apps.get_model("hostfiles", "File").objects.get(case_no=number)
    row.status = "approved"
    row.save()
    return HttpResponse("approved")


def fail(request: HttpRequest) -> HttpResponse:
    """Fail for a reason of its own."""
    raise ZeroDivisionError


urlpatterns = [path("approve/<str:number>", approve), path("fail", fail), path("admin/", admin.site.urls)]
