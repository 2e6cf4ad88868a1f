"""Django keeps a field's default in Python and gives it to each row itself. Rows that come by another way, as through the
GraphQL API, need it in the database. (From Django 5.0 on a field says it with db_default.)"""
from django.db import migrations

DEFAULTS = {
    "blog_article": {
        "public_id": "gen_random_uuid()",
        "summary": "''",
        "status": "'draft'",
        "is_featured": "false",
        "word_count": "0",
        "metadata": "'{}'",
        "created_at": "now()",
        "updated_at": "now()",
    },
    "blog_comment": {"is_approved": "true", "created_at": "now()"},
}


def statements(form):
    return [
        f"ALTER TABLE {table} " + ", ".join(form.format(column, value) for column, value in columns.items())
        for table, columns in DEFAULTS.items()
    ]


class Migration(migrations.Migration):

    dependencies = [
        ("blog", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(statements("ALTER {} SET DEFAULT {}"), statements("ALTER {} DROP DEFAULT")),
    ]
