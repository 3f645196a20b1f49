from typing import ClassVar

from django import forms
from django.core.validators import FileExtensionValidator

from .models import Page, Picture, Sighting


class SightingForm(forms.ModelForm):
    """What a visitor fills in."""

    light = forms.ModelChoiceField(
        Page.objects.lights(), to_field_name="slug", empty_label="Choose a light …"
    )

    class Meta:
        model = Sighting
        fields = ("light", "name", "message")
        labels: ClassVar = {"name": "Your name", "message": "What you saw"}
        widgets: ClassVar = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "message": forms.Textarea(attrs={"rows": 4}),
        }


class PictureForm(forms.ModelForm):
    """The admin's form for a picture. SVG can carry scripts: the program's own are no uploads."""

    class Meta:
        model = Picture
        fields = ("title", "slug", "file", "alt", "credit")

    def clean_file(self) -> object:
        file = self.cleaned_data["file"]
        if "file" in self.changed_data:
            FileExtensionValidator(["png", "jpg", "jpeg", "webp", "avif", "gif"])(file)
        return file
