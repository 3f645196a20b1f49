"""The outputs say in a line each what is worth a glance."""

import pytest

from components import outputs
from components.plan import execution_plan
from tests.unit.test_plan import Config

STEP = {"name": "seed_roles", "result": "created", "detail": "created 3 groups", "seconds": 0.012}


def test_what_is_advised_is_shown_by_id() -> None:
    advice = {"security.W019": "deny frames"}
    assert outputs.supplied({"supplied": [], "advice": advice}) == {"advice": advice}
    assert outputs.supplied({"supplied": [], "advice": {}}) == {}


def test_the_plan() -> None:
    said = outputs.plan(execution_plan(Config()))
    assert len(said) == 6
    assert said["migrate at startup"].startswith("every container start: keeps the schema up to")
    assert said["collectstatic at job"] == "never: redundant: the image has the files"


def test_the_ledger_leaves_out_what_was_not_to_run_and_did_not() -> None:
    cell = {"operation": "migrate", "point": "job", "boots": 1, "seconds": 0.319}
    account = {
        "row": "clean server",
        "agrees": False,
        "differences": ["seed at job: planned 1, ran 0"],
        "cells": [
            {**cell, "planned": 1, "runs": 1, "applied": 22},
            {**cell, "operation": "seed", "planned": 1, "runs": 0, "applied": 0},
            {**cell, "operation": "collectstatic", "planned": 0, "runs": 0, "applied": 0},
        ],
    }
    assert outputs.ledger(account) == {
        "row": "clean server",
        "agrees": False,
        "differences": ["seed at job: planned 1, ran 0"],
        "ran": {"migrate at job": "1 of 1, applied 22, 0.32 s", "seed at job": "0 of 1, 0.32 s"},
    }


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (STEP, "seed_roles: created 3 groups (0.01 s)"),
        ({**STEP, "result": "unchanged", "detail": ""}, "seed_roles: unchanged (0.01 s)"),
        (
            {**STEP, "result": "done", "detail": "2 cables", "step": "seed_roles --fast"},
            "seed_roles --fast: done: 2 cables (0.01 s)",
        ),
    ],
    ids=str,
)
def test_a_seed_step(step: dict[str, object], says: str) -> None:
    assert outputs.seeding({"steps": [step], "records": ["1"]}) == {"steps": [says]}


def test_migrations_are_counted() -> None:
    migrate = {"applied": 2, "seconds": 0.1, "migrations": ["a.1", "a.2"]}
    said = outputs.seeding({"migrate": migrate, "steps": []})
    assert said == {"migrate": {"applied": 2, "seconds": 0.1}, "steps": []}
    assert outputs.seeding({"migrate": None, "steps": []}) == {"steps": []}


def test_what_was_supplied() -> None:
    entries = [
        {"setting": "DEBUG", "action": "kept", "why": "it is False"},
        {"setting": "MIDDLEWARE", "action": "supplied", "why": "serves uploads"},
        {"setting": "MIDDLEWARE", "action": "supplied", "why": "a health endpoint"},
        {"setting": "MIDDLEWARE", "action": "kept", "why": "WhiteNoise is there"},
        {"setting": "DATABASES", "action": "attention", "why": "a file in the image"},
    ]
    assert outputs.supplied({"supplied": entries}) == {
        "supplied": {"MIDDLEWARE": "serves uploads; a health endpoint"},
        "attention": {"DATABASES": "a file in the image"},
        "kept": "DEBUG, MIDDLEWARE",
    }


def test_before_there_is_anything_to_say() -> None:
    assert outputs.ledger(None) is None
    assert outputs.seeding(None) == {"steps": []}
    assert outputs.supplied(None) is None
    assert outputs.supplied({}) is None
