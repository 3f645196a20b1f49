from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from .forms import PictureForm
from .models import Category, Page, Picture, Sighting


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin):
    list_display = ("name", "summary", "position")
    list_editable = ("position",)
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    search_fields = ("name",)


@admin.register(Picture)
class PictureAdmin(admin.ModelAdmin):
    form = PictureForm
    list_display = ("preview", "title", "alt", "credit")
    list_display_links = ("preview", "title")
    prepopulated_fields: ClassVar = {"slug": ("title",)}
    search_fields = ("title", "alt")

    @admin.display(description="")
    def preview(self, picture: Picture) -> str:
        return format_html('<img src="{}" alt="" width="90" height="60">', picture.file.url)


@admin.register(Page)
class PageAdmin(admin.ModelAdmin):
    list_display = ("title", "category", "status", "updated_at")
    list_filter = ("status", "category")
    list_select_related = ("category",)
    search_fields = ("title", "place", "summary", "body")
    prepopulated_fields: ClassVar = {"slug": ("title",)}
    autocomplete_fields = ("picture",)
    actions = ("publish", "withdraw")
    fieldsets = (
        (None, {"fields": ("title", "slug", "status", "summary", "body")}),
        ("Catalogue", {"fields": ("category", "picture")}),
        ("The light", {"fields": ("place", ("first_lit", "height"), ("rhythm", "period"))}),
    )

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalogue.publish_page")

    def get_readonly_fields(
        self, request: HttpRequest, _page: Page | None = None
    ) -> tuple[str, ...]:
        return () if self.has_publish_permission(request) else ("status",)

    @admin.action(description="Publish selected pages", permissions=["publish"])
    def publish(self, request: HttpRequest, pages: QuerySet[Page]) -> None:
        count = pages.update(status=Page.Status.PUBLISHED)
        self.message_user(request, f"Published: {count}.")

    @admin.action(description="Withdraw selected pages", permissions=["publish"])
    def withdraw(self, request: HttpRequest, pages: QuerySet[Page]) -> None:
        count = pages.update(status=Page.Status.DRAFT)
        self.message_user(request, f"Withdrawn: {count}.")


@admin.register(Sighting)
class SightingAdmin(admin.ModelAdmin):
    list_display = ("created_at", "light", "name", "message", "hidden")
    list_filter = ("hidden", "light__category")
    list_select_related = ("light",)
    search_fields = ("name", "message")
    date_hierarchy = "created_at"
    actions = ("hide", "show")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, _request: HttpRequest, _sighting: Sighting | None = None
    ) -> bool:
        """A visitor's words are hidden or deleted, never rewritten."""
        return False

    def has_hide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalogue.hide_sighting")

    @admin.action(description="Hide selected sightings", permissions=["hide"])
    def hide(self, request: HttpRequest, sightings: QuerySet[Sighting]) -> None:
        count = sightings.update(hidden=True)
        self.message_user(request, f"Hidden: {count}.")

    @admin.action(description="Show selected sightings", permissions=["hide"])
    def show(self, request: HttpRequest, sightings: QuerySet[Sighting]) -> None:
        count = sightings.update(hidden=False)
        self.message_user(request, f"Shown: {count}.")
