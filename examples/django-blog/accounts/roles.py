"""Who a user is for the GraphQL API: the roles of weir/metadata, and the session variables its rules speak of."""
from blog.models import Author


def roles_of(user, is_author):
    """The roles a user may take, the default first."""
    roles = ["editor"] if user.is_staff else []
    if is_author:
        roles.append("user")
    return roles + ["reader"]


def session_variables(user, wanted=None):
    """The variables of a logged-in user in the role wanted, or in the default role; None when the role is not theirs."""
    author = Author.objects.filter(user=user).values_list("id", flat=True).first()
    roles = roles_of(user, author is not None)
    role = wanted or roles[0]
    if role not in roles:
        return None
    found = {"X-Hasura-Role": role, "X-Hasura-User-Id": str(user.pk)}
    if author is not None:
        found["X-Hasura-Author-Id"] = str(author)
    return found
