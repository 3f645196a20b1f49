"""The outputs say in a line each what is worth a glance."""

from typing import Any

from components import stack_outputs
from components.ledger.plan import execution_plan
from tests.unit.planned import switches

STEP = {"name": "seed_roles", "result": "created", "detail": "created 3 groups", "seconds": 0.012}


def test_what_is_advised_is_shown_by_id() -> None:
    advice = {"security.W019": "deny frames"}
    assert stack_outputs.supplied({"supplied": [], "advice": advice}) == {"advice": advice}
    assert stack_outputs.supplied({"supplied": [], "advice": {}}) == {}


def test_the_plan() -> None:
    said = stack_outputs.plan(execution_plan(switches()))
    assert said == "build: collectstatic; job: migrate, seed; startup: migrate"


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
    assert stack_outputs.ledger(account) == {
        "row": "clean server",
        "agrees": False,
        "differences": ["seed at job: planned 1, ran 0"],
        "ran": "migrate at job 1 of 1, applied 22, 0.32 s; seed at job 0 of 1, 0.32 s",
    }


def test_seeding_is_one_line() -> None:
    pages = {"name": "seed_pages", "result": "unchanged", "seconds": 0.5}
    steps = [STEP, pages, {**STEP, "name": "seed_admin", "seconds": 0.2}]
    assert stack_outputs.seeding({"migrate": {"applied": 2}, "steps": steps, "records": ["1"]}) == (
        "2 migrations applied, 3 steps in 0.71 s: created by seed_roles, seed_admin; "
        "unchanged by seed_pages"
    )
    assert stack_outputs.seeding({"migrate": None, "steps": []}).endswith(
        "0 steps in 0.00 s: no step ran"
    )


def test_a_release_is_one_line() -> None:
    kept: list[dict[str, Any]] = [
        {"release": "bbb", "built": "2030-01-02", "served": "2030-01-03", "serves": True},
        {"release": "aaa", "built": "2030-01-01", "served": "2030-01-01", "serves": False},
        {"release": "ccc", "built": "2030-01-01", "served": None, "serves": False},
    ]
    assert stack_outputs.releases(kept) == [
        "bbb, built 2030-01-02, serves now",
        "aaa, built 2030-01-01, served last 2030-01-01",
        "ccc, built 2030-01-01, never served",
    ]


def test_what_there_is_none_of_is_left_out() -> None:
    assert stack_outputs.migrations({"pending": ["a.1"], "unsafe": []}) == {"pending": ["a.1"]}
    assert stack_outputs.containers(["a"], {"edge": "e"}) == {"backend": "a", "edge": "e"}
    assert stack_outputs.containers(["a", "b"], {}) == {"backend": "a", "backends": ["a", "b"]}


def test_what_was_supplied() -> None:
    entries = [
        {"setting": "DEBUG", "action": "kept", "why": "it is False"},
        {"setting": "MIDDLEWARE", "action": "supplied", "why": "serves uploads"},
        {"setting": "MIDDLEWARE", "action": "supplied", "why": "a health endpoint"},
        {"setting": "MIDDLEWARE", "action": "kept", "why": "WhiteNoise is there"},
        {"setting": "DATABASES", "action": "attention", "why": "a file in the image"},
    ]
    assert stack_outputs.supplied({"supplied": entries}) == {
        "supplied": {"MIDDLEWARE": "serves uploads; a health endpoint"},
        "attention": {"DATABASES": "a file in the image"},
        "kept": "DEBUG, MIDDLEWARE",
    }


def test_before_there_is_anything_to_say() -> None:
    assert stack_outputs.ledger(None) is None
    assert stack_outputs.seeding(None) == "no step ran"
    assert stack_outputs.releases(None) is None
    assert stack_outputs.supplied(None) is None
    assert stack_outputs.supplied({}) is None
