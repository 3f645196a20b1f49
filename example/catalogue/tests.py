"""The public pages and the form."""

import tempfile
from io import StringIO
from typing import ClassVar

from django.core.management import call_command
from django.test import Client, TestCase, override_settings
from editorial.models import SiteSettings

from .models import Category, Page, Sighting

SEEDS = ("site_settings", "categories", "images", "pages", "navigation", "announcement")


class EmptySiteTests(TestCase):
    def test_pages_open_before_anything_is_seeded(self) -> None:
        for path in ("/", "/lights/", "/sightings/", "/admin/login/"):
            with self.subTest(path):
                assert self.client.get(path).status_code == 200


class SeededTestCase(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        media = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(override_settings(MEDIA_ROOT=media))
        for step in SEEDS:
            call_command(f"seed_{step}", stdout=StringIO())


class PageTests(SeededTestCase):
    def test_home_shows_what_was_seeded(self) -> None:
        response = self.client.get("/")
        for text in (
            "A catalogue of lighthouses",
            "The lamp is lit.",
            "Rock towers",
            "Skarn Tooth",
            "/media/pictures/skarn-tooth-",
            "/static/css/site",
            'href="/visiting/"',
        ):
            self.assertContains(response, text)

    def test_categories_come_in_their_order_with_what_they_hold(self) -> None:
        Page.objects.filter(slug="skarn-tooth").update(status=Page.Status.DRAFT)
        categories = self.client.get("/").context["categories"]
        assert [(item.name, item.lights) for item in categories] == [
            ("Rock towers", 2),
            ("Headland lights", 3),
            ("Harbour lights", 3),
            ("Lightships", 3),
        ]

    def test_home_takes_the_same_few_queries_however_many_lights(self) -> None:
        with self.assertNumQueries(6):
            self.client.get("/")

    def test_every_page_opens_at_its_address(self) -> None:
        for item in (*Category.objects.all(), *Page.objects.all()):
            with self.subTest(item):
                self.assertContains(self.client.get(item.get_absolute_url()), item)

    def test_a_draft_is_not_shown(self) -> None:
        Page.objects.update(status=Page.Status.DRAFT)
        for path in ("/lights/skarn-tooth/", "/about/"):
            with self.assertLogs("django.request", "WARNING"):
                assert self.client.get(path).status_code == 404
        self.assertNotContains(self.client.get("/lights/"), "Skarn Tooth")

    def test_lights_are_found_by_their_words(self) -> None:
        response = self.client.get("/lights/", {"q": "herring MERROW"})
        assert not response.context["lights"]
        response = self.client.get("/lights/", {"q": "coal merrow"})
        assert [light.slug for light in response.context["lights"]] == ["cape-merrow"]

    def test_lights_go_on_on_a_second_page(self) -> None:
        first, second = (self.client.get("/lights/", {"page": page}) for page in (1, 2))
        slugs = [light.slug for page in (first, second) for light in page.context["lights"]]
        assert len(slugs) == len(set(slugs)) == 12

    def test_an_address_that_is_not_there(self) -> None:
        with self.assertLogs("django.request", "WARNING"):
            response = self.client.get("/nowhere/")
        self.assertContains(response, "Not on the chart", status_code=404)

    @override_settings(RELEASE="3f9c2a71")
    def test_the_release_is_shown_where_there_is_one(self) -> None:
        self.assertContains(self.client.get("/about/"), "Release 3f9c2a71")


class SightingTests(SeededTestCase):
    words: ClassVar = {"light": "marigold", "name": "Liv", "message": "She leans <b>to port</b>."}

    def test_a_sighting_is_entered_and_shown(self) -> None:
        response = self.client.post("/sightings/", self.words, follow=True)
        self.assertRedirects(response, "/sightings/")
        self.assertContains(response, "Thank you.")
        self.assertContains(response, "She leans &lt;b&gt;to port&lt;/b&gt;.")
        self.assertContains(self.client.get("/lights/marigold/"), "She leans")

    def test_a_form_from_elsewhere_is_refused(self) -> None:
        browser = Client(enforce_csrf_checks=True)
        with self.assertLogs("django.security.csrf", "WARNING"):
            assert browser.post("/sightings/", self.words).status_code == 403
        assert not Sighting.objects.exists()

    def test_a_form_with_its_token_is_taken(self) -> None:
        browser = Client(enforce_csrf_checks=True)
        token = browser.get("/sightings/").context["csrf_token"]
        form = {**self.words, "csrfmiddlewaretoken": str(token)}
        assert browser.post("/sightings/", form).status_code == 302
        assert Sighting.objects.count() == 1

    def test_mistakes_are_named(self) -> None:
        response = self.client.post("/sightings/", {"light": "atlantis", "message": "x" * 501})
        assert set(response.context["form"].errors) == {"light", "name", "message"}
        assert not Sighting.objects.exists()

    def test_the_light_one_comes_from_is_chosen(self) -> None:
        response = self.client.get("/sightings/", {"light": "marigold"})
        self.assertContains(response, '<option value="marigold" selected>')

    def test_a_hidden_sighting_is_not_shown(self) -> None:
        self.client.post("/sightings/", self.words)
        Sighting.objects.update(hidden=True)
        for path in ("/", "/sightings/", "/lights/marigold/"):
            self.assertNotContains(self.client.get(path), "She leans")

    def test_a_closed_log_takes_nothing(self) -> None:
        SiteSettings.objects.update(sightings_open=False)
        self.assertNotContains(self.client.get("/sightings/"), "Enter it in the log")
        with self.assertLogs("django.request", "WARNING"):
            response = self.client.post("/sightings/", self.words)
        self.assertContains(response, "The log is closed", status_code=403)
        assert not Sighting.objects.exists()
