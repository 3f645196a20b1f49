"""What an editor sets for the whole site, and the note of what was seeded."""

from typing import Any, Self

from django.db import models


class SiteSettings(models.Model):
    """The site's own words: one row at most, and sensible ones while there is none."""

    title = models.CharField(max_length=80, default="Lanterna")
    tagline = models.CharField(max_length=160, blank=True)
    introduction = models.TextField(blank=True, help_text="Shown at the top of the home page.")
    imprint = models.CharField(max_length=240, blank=True, help_text="Shown in the footer.")
    sightings_open = models.BooleanField(
        default=True, help_text="Whether visitors can report sightings."
    )

    class Meta:
        verbose_name = verbose_name_plural = "site settings"
        constraints = (
            models.CheckConstraint(condition=models.Q(pk=1), name="site_settings_is_one_row"),
        )

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def load(cls) -> Self:
        """Return the row, or an unsaved one with the defaults."""
        return cls.objects.first() or cls()


class MenuItem(models.Model):
    """A link in the navigation menu."""

    label = models.CharField(max_length=40)
    url = models.CharField("address", max_length=200, help_text="For example /lights/")
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower comes first.")

    class Meta:
        ordering = ("position", "label")

    def __str__(self) -> str:
        return self.label


class Announcement(models.Model):
    """A notice above every page."""

    title = models.CharField(max_length=120)
    body = models.CharField(max_length=240, blank=True)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.title


class Seeded(models.Model):
    """A note that a seeding command has done one item.

    Whatever an editor does to that item afterwards, renaming and deleting included, the
    command leaves it alone from then on.
    """

    step = models.CharField(max_length=60)
    key = models.CharField(max_length=160)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("step", "key"), name="seeded_once_per_item"),
        )

    def __str__(self) -> str:
        return f"{self.step}: {self.key}"
