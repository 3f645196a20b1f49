from collections.abc import Iterable
from typing import Any

from editorial.seeding import SeedCommand, content, earlier

from catalogue.models import Category, Page, Picture


class Command(SeedCommand):
    help = "Create and publish a page for every light, and those that stand alone."
    step = "seed_pages"
    things = ("page", "pages")

    def items(self) -> Iterable[tuple[str, dict[str, Any]]]:
        seeds = content("catalogue")
        return ((page["slug"], page) for page in seeds["pages"] + seeds["lights"])

    def create(self, key: str, item: dict[str, Any]) -> bool:
        if Page.objects.filter(slug=key).exists():
            return False
        page = Page(status=Page.Status.PUBLISHED)
        for name, value in item.items():
            if name not in ("category", "alt", "drawing"):
                setattr(page, name, value.strip() if name == "body" else value)
        if "category" in item:
            page.category = earlier(Category.objects, "seed_categories", slug=item["category"])
            page.picture = earlier(Picture.objects, "seed_images", slug=key)
        page.save()
        return True
