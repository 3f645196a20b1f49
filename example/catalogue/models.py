"""The catalogue: lights in categories, their pictures, and the sightings that visitors report."""

from django.db import models
from django.urls import reverse


class Category(models.Model):
    """A kind of light."""

    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(unique=True, help_text="The last part of its address.")
    summary = models.CharField(max_length=240, blank=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower comes first.")

    class Meta:
        ordering = ("position", "name")
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("category", args=[self.slug])


class Picture(models.Model):
    """An image file in the media folder, with the words for those who cannot see it."""

    title = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    file = models.FileField(upload_to="pictures/")
    alt = models.CharField("alternative text", max_length=240)
    credit = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class PageQuerySet(models.QuerySet["Page"]):
    def published(self) -> "PageQuerySet":
        return self.filter(status=Page.Status.PUBLISHED)

    def lights(self) -> "PageQuerySet":
        return self.published().filter(category__isnull=False).select_related("category", "picture")


class Page(models.Model):
    """A page of the site: a light if it has a category, else one that stands alone."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"

    title = models.CharField(max_length=120)
    slug = models.SlugField(unique=True, help_text="The last part of its address.")
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        related_name="pages",
        null=True,
        blank=True,
        help_text="Lights have one; pages such as “About” have none.",
    )
    picture = models.ForeignKey(
        Picture, on_delete=models.SET_NULL, related_name="pages", null=True, blank=True
    )
    summary = models.CharField(max_length=240, blank=True)
    body = models.TextField(blank=True, help_text="An empty line begins a new paragraph.")
    place = models.CharField(max_length=120, blank=True)
    first_lit = models.PositiveSmallIntegerField("first lit (year)", null=True, blank=True)
    height = models.PositiveSmallIntegerField("height (metres)", null=True, blank=True)
    rhythm = models.CharField(
        max_length=20, blank=True, help_text="As on a chart, without the period: Fl(2) W"
    )
    period = models.PositiveSmallIntegerField(
        "period (seconds)", null=True, blank=True, help_text="Empty for a fixed light."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ("title",)
        permissions = (("publish_page", "Can publish and withdraw pages"),)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("light" if self.category_id else "page", args=[self.slug])


class SightingQuerySet(models.QuerySet["Sighting"]):
    def visible(self) -> "SightingQuerySet":
        return self.filter(hidden=False, light__status=Page.Status.PUBLISHED)


class Sighting(models.Model):
    """What a visitor saw of a light."""

    light = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="sightings")
    name = models.CharField(max_length=60)
    message = models.TextField(max_length=500)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)
    hidden = models.BooleanField(default=False)

    objects = SightingQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        permissions = (("hide_sighting", "Can hide and show sightings"),)

    def __str__(self) -> str:
        return f"{self.light} by {self.name}"
