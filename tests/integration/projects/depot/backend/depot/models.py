# mypy: ignore-errors
from django.db import models


class Shelf(models.Model):
    name = models.CharField(max_length=40, unique=True)
    label = models.FileField(upload_to="shelves")
