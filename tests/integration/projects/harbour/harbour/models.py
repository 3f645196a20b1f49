from django.db import models
from django.db.models import F


class Berth(models.Model):
    length = models.PositiveIntegerField()
    width = models.PositiveIntegerField()
    area = models.GeneratedField(
        expression=F("length") * F("width"),
        output_field=models.PositiveBigIntegerField(),
        db_persist=True,
    )
