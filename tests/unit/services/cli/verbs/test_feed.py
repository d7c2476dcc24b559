"""`preferstream feed` names the users when ids of a request or a user are not unique."""

from services.cli.verbs.app.feed import several_users
from shared.domain.user import User


def test_the_message_names_the_options_of_each_user() -> None:
    message = several_users([User("default", "ada"), User("gallery", "O'Hara b")])
    assert message == (
        "2 users have such feeds; add one of: --tenant default --user ada;"
        " --tenant gallery --user 'O'\"'\"'Hara b'"
    )


def test_the_message_is_short_with_many_users() -> None:
    message = several_users([User("default", str(n)) for n in range(100)])
    assert message.endswith("--user 4; and 95 more")
