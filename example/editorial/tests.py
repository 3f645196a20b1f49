"""The seeding commands: created first, unchanged after, and never against an editor."""

import os
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from catalogue.models import Category, Page, Picture
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings

from .models import Announcement, MenuItem, Seeded, SiteSettings

User = get_user_model()

STEPS = {
    "seed_roles": "created 3 groups",
    "seed_permissions": "created 30 grants",
    "seed_admin": "created administrator admin",
    "seed_editors": "created 3 people",
    "seed_site_settings": "created 1 set of site settings",
    "seed_categories": "created 4 categories",
    "seed_images": "created 12 pictures",
    "seed_pages": "created 14 pages",
    "seed_navigation": "created 4 menu items",
    "seed_announcement": "created 1 announcement",
}
SEEDED_MODELS = (Group, User, SiteSettings, Category, Picture, Page, MenuItem, Announcement, Seeded)


def seed(*steps: str) -> list[str]:
    """Run the steps, all of them by default, and return what each one says."""
    return [call_command(step, stdout=StringIO()) for step in steps or STEPS]


class SeedTestCase(TestCase):
    """A test with an empty media folder and the password that a deployment would hand over."""

    def setUp(self) -> None:
        self.media = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(override_settings(MEDIA_ROOT=self.media))
        environ = {"DJANGO_SUPERUSER_PASSWORD": "first-password", "DJANGO_SUPERUSER_USERNAME": ""}
        self.enterContext(patch.dict(os.environ, environ))

    def files(self) -> list[str]:
        return sorted(path.name for path in self.media.rglob("*.svg"))


class StepTests(SeedTestCase):
    def test_every_step_creates_first_and_changes_nothing_after(self) -> None:
        assert seed() == list(STEPS.values())
        counts = [model.objects.count() for model in SEEDED_MODELS]
        files = self.files()
        assert seed() == ["unchanged"] * len(STEPS)
        assert [model.objects.count() for model in SEEDED_MODELS] == counts
        assert self.files() == files
        assert len(files) == 12

    def test_a_step_that_is_killed_midway_goes_on_where_it_stopped(self) -> None:
        seed("seed_roles", "seed_permissions", "seed_categories", "seed_images")
        save, saved = Page.save, []

        def save_five(page: Page, *args: Any, **kwargs: Any) -> None:
            if len(saved) == 5:
                raise KeyboardInterrupt("killed")
            saved.append(page)
            save(page, *args, **kwargs)

        with (
            patch.object(Page, "save", save_five),
            self.assertRaisesMessage(KeyboardInterrupt, "killed"),
        ):
            seed("seed_pages")
        assert Page.objects.count() == 5
        assert seed("seed_pages", "seed_pages") == ["created 9 pages", "unchanged"]
        assert Page.objects.count() == 14

    def test_a_half_written_picture_is_written_again(self) -> None:
        seed("seed_images")
        names = self.files()
        Picture.objects.all().delete()
        Seeded.objects.all().delete()
        (self.media / "pictures" / names[0]).write_text("<svg")
        assert seed("seed_images") == ["created 12 pictures"]
        assert self.files() == names
        assert (self.media / "pictures" / names[0]).read_text().endswith("</svg>\n")

    def test_lost_media_files_are_put_back(self) -> None:
        seed("seed_images")
        (self.media / "pictures" / self.files()[3]).unlink()
        assert seed("seed_images", "seed_images") == ["created 1 picture", "unchanged"]
        assert len(self.files()) == 12

    def test_what_was_there_before_is_not_doubled(self) -> None:
        Group.objects.create(name="Editors")
        SiteSettings.objects.create(title="Ours")
        assert seed("seed_roles", "seed_site_settings") == ["created 2 groups", "unchanged"]
        assert SiteSettings.load().title == "Ours"

    def test_a_step_that_comes_too_early_names_the_one_before(self) -> None:
        with self.assertRaisesMessage(CommandError, "run seed_categories first"):
            seed("seed_pages")
        with self.assertRaisesMessage(CommandError, "run seed_roles first"):
            seed("seed_permissions")


class EditorTests(SeedTestCase):
    """Whatever was changed by hand stays as it is."""

    def setUp(self) -> None:
        super().setUp()
        seed()

    def test_changed_words_stay(self) -> None:
        SiteSettings.objects.update(title="Our coast")
        Page.objects.filter(slug="marigold").update(title="The café", slug="cafe", status="draft")
        Announcement.objects.update(title="Closed on Monday", active=False)
        MenuItem.objects.filter(url="/about/").update(url="/visiting/", label="Come and see")
        assert seed() == ["unchanged"] * len(STEPS)
        assert SiteSettings.load().title == "Our coast"
        assert Page.objects.get(slug="cafe").status == Page.Status.DRAFT
        assert MenuItem.objects.filter(label="Come and see").exists()

    def test_what_was_removed_does_not_come_back(self) -> None:
        Page.objects.filter(slug="visiting").delete()
        Group.objects.get(name="Moderators").delete()
        writers = Group.objects.get(name="Writers")
        writers.permissions.clear()
        assert seed() == ["unchanged"] * len(STEPS)
        assert not writers.permissions.exists()
        assert not Page.objects.filter(slug="visiting").exists()

    def test_a_replaced_picture_stays(self) -> None:
        Picture.objects.filter(slug="skarn-tooth").update(file="pictures/photograph.jpg")
        assert seed("seed_images") == ["unchanged"]
        assert Picture.objects.get(slug="skarn-tooth").file.name == "pictures/photograph.jpg"


class AdminStepTests(SeedTestCase):
    def test_a_password_that_exists_is_never_reset(self) -> None:
        seed("seed_admin")
        with patch.dict(os.environ, DJANGO_SUPERUSER_PASSWORD="second-password"):
            assert seed("seed_admin") == ["unchanged"]
        admin = User.objects.get(username="admin")
        assert admin.check_password("first-password")

    def test_name_and_address_come_from_the_environment(self) -> None:
        names = {"DJANGO_SUPERUSER_USERNAME": "keeper", "DJANGO_SUPERUSER_EMAIL": "k@example.org"}
        with patch.dict(os.environ, names):
            assert seed("seed_admin") == ["created administrator keeper"]
        assert User.objects.get(is_superuser=True).email == "k@example.org"

    def test_a_missing_password_is_an_error_that_names_the_variable(self) -> None:
        os.environ.pop("DJANGO_SUPERUSER_PASSWORD")
        with self.assertRaisesMessage(CommandError, "DJANGO_SUPERUSER_PASSWORD is not set"):
            seed("seed_admin")

    def test_people_cannot_log_in_until_they_have_a_password(self) -> None:
        seed("seed_roles", "seed_editors")
        people = User.objects.filter(groups__name__in=("Writers", "Editors", "Moderators"))
        assert len(people) == 3
        assert not any(person.has_usable_password() for person in people)


class DeskTests(SeedTestCase):
    """The admin, as those who log in find it."""

    def setUp(self) -> None:
        super().setUp()
        seed()

    def test_the_administrator_logs_in_with_the_password_of_the_deployment(self) -> None:
        login = {"username": "admin", "password": "first-password", "next": "/admin/"}
        response = self.client.post("/admin/login/", login, follow=True)
        self.assertContains(response, "The keeper")

    def test_every_list_and_form_opens(self) -> None:
        self.client.force_login(User.objects.get(username="admin"))
        for model in ("page", "picture", "category", "sighting"):
            assert self.client.get(f"/admin/catalogue/{model}/").status_code == 200
        for model in ("sitesettings", "menuitem", "announcement"):
            assert self.client.get(f"/admin/editorial/{model}/").status_code == 200
        page = Page.objects.get(slug="marigold")
        assert self.client.get(f"/admin/catalogue/page/{page.pk}/change/").status_code == 200

    def test_writers_write_and_editors_publish(self) -> None:
        publish = {
            "action": "withdraw",
            "_selected_action": [Page.objects.get(slug="marigold").pk],
        }
        for username, expected in (("tam.skerry", "published"), ("ines.farol", "draft")):
            self.client.force_login(User.objects.get(username=username))
            self.client.post("/admin/catalogue/page/", publish)
            assert Page.objects.get(slug="marigold").status == expected

    def test_site_settings_cannot_be_added_twice(self) -> None:
        self.client.force_login(User.objects.get(username="admin"))
        with self.assertLogs("django.request", "WARNING"):
            assert self.client.get("/admin/editorial/sitesettings/add/").status_code == 403

    def test_an_svg_is_no_upload(self) -> None:
        self.client.force_login(User.objects.get(username="admin"))
        fields = {"title": "T", "slug": "t", "alt": "a"}
        file = SimpleUploadedFile("t.svg", b"<svg/>", "image/svg+xml")
        response = self.client.post("/admin/catalogue/picture/add/", {**fields, "file": file})
        self.assertContains(response, "is not allowed")
        picture = Picture.objects.get(slug="marigold")
        form = {"title": "New title", "slug": picture.slug, "alt": picture.alt, "credit": ""}
        self.client.post(f"/admin/catalogue/picture/{picture.pk}/change/", form)
        picture.refresh_from_db()
        assert picture.title == "New title"
