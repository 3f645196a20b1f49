from typing import Any

from django.contrib.messages.views import SuccessMessageMixin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse_lazy
from django.views.generic import CreateView, DetailView, ListView, TemplateView
from editorial.models import SiteSettings

from .forms import SightingForm
from .models import Category, Page, Sighting


class Home(TemplateView):
    template_name = "catalogue/home.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        published = Count("pages", filter=Q(pages__status=Page.Status.PUBLISHED))
        return super().get_context_data(
            categories=Category.objects.annotate(lights=published).order_by("position", "name"),
            lights=Page.objects.lights().order_by("-updated_at", "title")[:6],
            sightings=Sighting.objects.visible().select_related("light")[:3],
            **kwargs,
        )


class Lights(ListView):
    """All lights, or those in whose text the visitor's words occur."""

    template_name = "catalogue/lights.html"
    context_object_name = "lights"
    paginate_by = 9

    def get_queryset(self) -> QuerySet[Page]:
        self.query = self.request.GET.get("q", "").replace("\0", "").strip()
        found = Page.objects.lights()
        for word in self.query.split()[:8]:
            found = found.filter(
                Q(title__icontains=word)
                | Q(place__icontains=word)
                | Q(summary__icontains=word)
                | Q(body__icontains=word)
            )
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(query=self.query, **kwargs)


class CategoryLights(Lights):
    """The lights of one category."""

    def get_queryset(self) -> QuerySet[Page]:
        self.category = get_object_or_404(Category, slug=self.kwargs["slug"])
        return super().get_queryset().filter(category=self.category)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(category=self.category, **kwargs)


class Light(DetailView):
    template_name = "catalogue/light.html"
    context_object_name = "light"

    def get_queryset(self) -> QuerySet[Page]:
        return Page.objects.lights()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        others = Page.objects.lights().filter(category=self.object.category_id)
        return super().get_context_data(
            sightings=self.object.sightings.visible()[:5],
            others=others.exclude(pk=self.object.pk)[:3],
            **kwargs,
        )


class StandalonePage(DetailView):
    template_name = "catalogue/page.html"
    context_object_name = "page"

    def get_queryset(self) -> QuerySet[Page]:
        return Page.objects.published().filter(category=None)


class Sightings(SuccessMessageMixin, CreateView):
    """What visitors have seen, and the form to add to it."""

    template_name = "catalogue/sightings.html"
    form_class = SightingForm
    success_url = reverse_lazy("sightings")
    success_message = "Thank you. Your sighting has been entered in the log."

    def get_initial(self) -> dict[str, Any]:
        return {"light": self.request.GET.get("light", "")}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        recent = Sighting.objects.visible().select_related("light")[:20]
        return super().get_context_data(sightings=recent, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not SiteSettings.load().sightings_open:
            raise PermissionDenied("The log is closed: no sightings are taken at the moment.")
        return super().post(request, *args, **kwargs)
