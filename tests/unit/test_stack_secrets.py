"""A stack's secrets: config's, else what was generated once, and never anew over existing data."""

from typing import Any

import pytest

from components.config.settings import Settings
from components.config.stack_secrets import StackSecrets, find_secrets
from components.data.login_turns import Login
from components.errors import UserError
from components.serving.kept_secrets import Kept
from deploy_runtime.environment import EARLIER_SECRET_KEY as VARIABLE
from tests.config_keys import nested

KEY, PASSWORD = "k" * 40, "open-sesame"


class Stack:
    """A stack whose generated secrets are where a test puts them.

    Attributes:
        in_state: what the state has of them.
        on_host: what the host has.
        told: what the application was told until now.
        looks: how often the host was asked.
    """

    def __init__(self) -> None:
        self.in_state: dict[str, str] = {}
        self.on_host = Kept()
        self.told: dict[str, str] = {}
        self.looks = 0

    def _look(self) -> Kept:
        self.looks += 1
        return self.on_host

    def find(self, *, has_data: bool = False, **changes: Any) -> StackSecrets:
        """Its secrets, for a config that is changed."""
        values = {"app.path": "a", "app.settings": "b", "data": "create", "deployment": "shop"}
        return find_secrets(
            Settings.model_validate(nested({**values, **changes})),
            stack="shop",
            in_state=self.in_state,
            on_host=self._look,
            told=self.told,
            has_data=has_data,
        )


@pytest.fixture
def stack() -> Stack:
    return Stack()


def test_they_are_generated_for_a_new_site(stack: Stack) -> None:
    secrets = stack.find(seed=["a"])
    assert len(secrets.secret_key) >= 50
    assert len(secrets.admin_password) >= 20
    assert secrets.kept == {
        "app.secretKey": secrets.secret_key,
        "admin.password": secrets.admin_password,
    }


def test_no_two_sites_get_the_same(stack: Stack) -> None:
    assert stack.find().secret_key != stack.find().secret_key


def test_a_site_that_seeds_nothing_needs_no_password(stack: Stack) -> None:
    secrets = stack.find()
    assert secrets.as_environment() == {"SECRET_KEY": secrets.secret_key}
    assert list(secrets.kept) == ["app.secretKey"]


@pytest.mark.parametrize("has_data", [False, True])
def test_what_the_config_has_is_taken_as_it_is(stack: Stack, has_data: bool) -> None:
    secrets = stack.find(has_data=has_data, app__secretKey=KEY, admin__password=PASSWORD)
    assert secrets.as_environment() == {"SECRET_KEY": KEY, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    assert not secrets.kept
    assert not stack.looks


def test_only_what_is_missing_is_generated(stack: Stack) -> None:
    secrets = stack.find(seed=["a"], app__secretKey=KEY)
    assert secrets.secret_key == KEY
    assert list(secrets.kept) == ["admin.password"]


@pytest.mark.parametrize("has_data", [False, True])
def test_what_the_state_has_goes_on_and_the_host_is_not_asked(stack: Stack, has_data: bool) -> None:
    stack.in_state = {"app.secretKey": KEY, "admin.password": PASSWORD}
    stack.on_host = Kept(values={"app.secretKey": "another"})
    secrets = stack.find(has_data=has_data, seed=["a"])
    assert (secrets.secret_key, secrets.admin_password) == (KEY, PASSWORD)
    assert secrets.kept == stack.in_state
    assert not stack.looks


@pytest.mark.parametrize("has_data", [False, True])
def test_what_the_state_has_lost_is_found_on_the_host(stack: Stack, has_data: bool) -> None:
    stack.on_host = Kept(values={"app.secretKey": KEY, "admin.password": PASSWORD})
    secrets = stack.find(has_data=has_data, seed=["a"])
    assert (secrets.secret_key, secrets.admin_password) == (KEY, PASSWORD)
    assert secrets.kept == stack.on_host.values


def test_another_secret_is_kept_beside_those_that_are(stack: Stack) -> None:
    stack.in_state = {"app.secretKey": KEY}
    secrets = stack.find(has_data=True, seed=["a"])
    assert secrets.kept == {"app.secretKey": KEY, "admin.password": secrets.admin_password}


def test_a_site_that_seeds_nothing_any_more_keeps_its_password(stack: Stack) -> None:
    before = stack.find(seed=["a"])
    stack.in_state = dict(before.kept)
    assert stack.find(has_data=True).as_environment() == before.as_environment()


def test_what_config_sets_for_a_while_replaces_nothing_that_was_generated(stack: Stack) -> None:
    stack.in_state = {"app.secretKey": KEY}
    secrets = stack.find(has_data=True, app__secretKey="z" * 40)
    assert secrets.secret_key == "z" * 40
    assert secrets.kept == stack.in_state
    assert stack.find(has_data=True).secret_key == KEY


FIRST, SECOND, THIRD = ("1" * 40, "2" * 40, "3" * 40)


@pytest.mark.parametrize(
    ("told", "limit", "accepted"),
    [
        ({}, 1, ()),
        ({"SECRET_KEY": THIRD}, 1, ()),
        ({"SECRET_KEY": SECOND}, 1, (SECOND,)),
        ({"SECRET_KEY": SECOND}, 0, ()),
        ({"SECRET_KEY": SECOND, f"{VARIABLE}1": FIRST}, 1, (SECOND,)),
        ({"SECRET_KEY": SECOND, f"{VARIABLE}1": FIRST}, 2, (SECOND, FIRST)),
        # An update that was repeated; and one that goes back to a key of before.
        ({"SECRET_KEY": THIRD, f"{VARIABLE}1": SECOND}, 1, (SECOND,)),
        ({"SECRET_KEY": FIRST, f"{VARIABLE}1": THIRD}, 1, (FIRST,)),
        ({"SECRET_KEY": THIRD, f"{VARIABLE}1": SECOND}, 0, ()),
    ],
)
def test_what_earlier_keys_signed_goes_on_being_accepted(
    stack: Stack, told: dict[str, str], limit: int, accepted: tuple[str, ...]
) -> None:
    stack.told = told
    secrets = stack.find(has_data=True, app__secretKey=THIRD, app__secretKeyFallbacks=limit)
    assert tuple(secrets.secret_key_fallbacks) == accepted
    variables = {f"{VARIABLE}{number}": key for number, key in enumerate(accepted, 1)}
    assert secrets.as_environment() == {"SECRET_KEY": THIRD, **variables}


def test_a_key_that_is_lost_is_not_replaced_over_data(stack: Stack) -> None:
    stack.on_host = Kept(values={"admin.password": PASSWORD})
    with pytest.raises(UserError) as error:
        stack.find(has_data=True)
    assert "app.secretKey of stack shop can't be found, but its data exists" in str(error.value)
    assert "`pulumi config set --secret --path app.secretKey -s shop`" in str(error.value)
    assert "DEPLOYMENT-kept-secrets" in str(error.value)


def test_what_cannot_be_read_counts_as_none_and_says_why(stack: Stack) -> None:
    stack.on_host = Kept(problem="there is a volume, but it can't be read")
    with pytest.raises(UserError, match="can't be found") as error:
        stack.find(has_data=True)
    assert "there is a volume, but it can't be read" in str(error.value)
    assert stack.find().secret_key


PG = {"database.engine": "postgres"}
URL = "postgres://ada:hunter2@db/shop?sslmode=disable"


def test_a_database_server_of_its_own_gets_a_password(stack: Stack) -> None:
    secrets = stack.find(database__engine="postgres")
    assert len(secrets.database_login.password) >= 20
    assert secrets.kept["database.password"] == secrets.database_login.password
    url = f"postgres://app:{secrets.database_login.password}@shop-postgres:5432/app"
    assert secrets.as_environment() == {"SECRET_KEY": secrets.secret_key, "DATABASE_URL": url}
    assert secrets.database_login.password not in repr(secrets)


NEW = "another-open-sesame"


@pytest.mark.parametrize(
    ("before", "user"),
    [
        ("", "app"),
        ("postgres://app:open-sesame@shop-postgres:5432/app", "app_2"),
        (f"postgres://app:{NEW}@shop-postgres:5432/app", "app"),
        ("postgres://app_2:open-sesame@shop-postgres:5432/app", "app"),
        (f"postgres://app_2:{NEW}@shop-postgres:5432/app", "app_2"),
        # A server elsewhere, another owner, and a file.
        ("postgres://app:open-sesame@db.example.org:5432/app", "app"),
        ("postgres://shop:open-sesame@shop-postgres:5432/app", "app"),
        ("sqlite:////srv/data/db.sqlite3", "app"),
    ],
)
def test_another_password_is_the_other_roles(stack: Stack, before: str, user: str) -> None:
    stack.told = {"DATABASE_URL": before} if before else {}
    secrets = stack.find(has_data=True, app__secretKey=KEY, **PG, database__password=NEW)
    assert secrets.database_login == Login(user=user, password=NEW)
    assert secrets.database_url == f"postgres://{user}:{NEW}@shop-postgres:5432/app"
    assert NEW not in repr(secrets.database_login)


def test_a_server_elsewhere_is_reached_by_the_url_alone(stack: Stack) -> None:
    secrets = stack.find(app__secretKey=KEY, database__engine="external", database__url=URL)
    assert secrets.as_environment() == {"SECRET_KEY": KEY, "DATABASE_URL": URL}
    assert not secrets.kept


def test_a_file_needs_neither(stack: Stack) -> None:
    secrets = stack.find()
    assert (secrets.database_login.password, secrets.database_url) == ("", "")


@pytest.mark.parametrize("existing", [False, True])
def test_no_password_is_generated_over_data_that_has_one(stack: Stack, existing: bool) -> None:
    changes: dict[str, Any] = {"data": "existing", "database.volume": "old"} if existing else {}
    with pytest.raises(UserError) as error:
        stack.find(
            has_data=not existing, app__secretKey=KEY, database__engine="postgres", **changes
        )
    assert "database.password of stack shop can't be found, but its data" in str(error.value)
    assert "if database.password is lost for good, choose another" in str(error.value)


def test_existing_data_is_served_with_the_password_that_it_has(stack: Stack) -> None:
    secrets = stack.find(
        app__secretKey=KEY,
        database__engine="postgres",
        data="existing",
        database__volume="old",
        database__password=PASSWORD,
    )
    assert secrets.database_login.password == PASSWORD


def test_the_representation_hides_them() -> None:
    secrets = StackSecrets(secret_key=KEY, admin_password=PASSWORD, kept={"app.secretKey": KEY})
    assert KEY not in f"{secrets!r} {secrets}"
    assert PASSWORD not in f"{secrets!r} {secrets}"
    assert KEY not in repr(Kept(values={"app.secretKey": KEY}))


def test_a_fingerprint_changes_with_each_secret_and_tells_none() -> None:
    pairs = [(KEY, PASSWORD), (KEY, ""), (KEY, "other"), ("z" * 40, PASSWORD)]
    made = [StackSecrets(secret_key=key, admin_password=word) for key, word in pairs]
    made.append(StackSecrets(secret_key=KEY, admin_password=PASSWORD, database_url=URL))
    prints = [secrets.fingerprint(secrets.as_environment()) for secrets in made]
    assert len(set(prints)) == 5
    assert made[0].fingerprint(made[0].as_environment()) == prints[0]
    assert not [word for pair in pairs for word in pair if word and word in "".join(prints)]


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ({"data": "existing"}, True),
        ({"data": "existing", "app.secretKey": KEY}, False),
        ({}, False),
    ],
)
def test_a_site_that_was_served_by_others_is_told_that_its_key_changes(
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    warned: bool,
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", warnings.append)
    secrets = stack.find(**changes)
    assert bool(warnings) == warned
    if warned:
        assert "`pulumi config set --secret --path app.secretKey -s shop`" in warnings[0]
        assert secrets.secret_key not in warnings[0]


def test_a_password_is_not_lost_by_a_site_that_never_had_one(stack: Stack) -> None:
    secrets = stack.find(has_data=True, app__secretKey=KEY, seed=["a"])
    assert secrets.kept == {"admin.password": secrets.admin_password}
