from django.db import migrations, models
from django.db.models import F


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Berth",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("length", models.PositiveIntegerField()),
                ("width", models.PositiveIntegerField()),
                (
                    "area",
                    models.GeneratedField(
                        db_persist=True,
                        expression=F("length") * F("width"),
                        output_field=models.PositiveBigIntegerField(),
                    ),
                ),
            ],
        )
    ]
