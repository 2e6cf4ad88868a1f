"""seed: fills an empty blog with rows that are the same on every machine."""
import random
import uuid
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.text import slugify

from blog.models import Article, Author, Category, Comment, Tag

EPOCH = datetime(2024, 1, 1, 8, 0, tzinfo=timezone.utc)
DAYS = 700
AUTHORS = 50
BATCH = 1000

FIRST = "Ada Björn Chidi Dara Élodie Farid Grace Haruto Inês Jonas Kavya Lars Mei Nadia Omar Priya Quinn Rosa Søren Tala".split()
LAST = "Adeyemi Brandt Castro Dimitrov Eriksen Fournier Garcia Haddad Ito Jensen Kaur Lindqvist Moreau Nakamura Okafor".split()

INTERESTS = "cooking cycling chess gardening hiking music painting photography reading running sailing theatre".split()

# name -> the categories below it
CATEGORIES = {
    "Technology": ["Databases", "Web", "Operations"],
    "Life": ["Food", "Travel", "Health"],
    "Culture": ["Books", "Music", "Film"],
}

TAGS = (
    "postgres graphql django python c linux testing security performance design docker networking backups indexes json "
    "migrations caching logging monitoring releases bread soup coffee trains mountains rivers cities sleep walking "
    "swimming novels poetry essays history jazz piano festivals cinema documentary theatre"
).split()

WORDS = (
    "a about after again all an and any at back because been before between both but by came can change come could day did "
    "different do does each early end even every far few find first for found from gave good great had has have here high "
    "house how if in into it its just keep kind large last late learn left less light like line little long look made make "
    "many may measure more morning most move much must name near need never new next night no not now number of off often "
    "old on once one only open or other our out over own part people place plain quiet read reason rest right river road "
    "room same saw say see set several she should show side simple since slow small so some sound still story such table "
    "take than that the their them then there these they thing think this those through time to together told too town "
    "turn two under until up use very wait walk was water way we well went were what when where which while who why window "
    "winter with without word work world would write year yet you"
).split()

OPENERS = ["Notes on", "In praise of", "A year of", "Learning", "Against", "The quiet art of", "What I got wrong about", "Small"]
DEVICES = ["desktop", "phone", "tablet"]


class Maker:
    """Everything random comes from one generator with a fixed seed, in a fixed order."""

    def __init__(self, articles):
        self.random = random.Random(20240101)
        self.articles = articles

    def words(self, count):
        return self.random.choices(WORDS, k=count)

    def sentence(self, low=6, high=14):
        text = " ".join(self.words(self.random.randint(low, high)))
        return text[0].upper() + text[1:] + "."

    def text(self, paragraphs):
        return "\n\n".join(
            " ".join(self.sentence() for _ in range(self.random.randint(2, 5))) for _ in range(paragraphs)
        )

    def moment(self, start=EPOCH, days=DAYS):
        return start + timedelta(seconds=self.random.randrange(days * 86400), milliseconds=self.random.randrange(1000))

    def users_and_authors(self):
        names = [f"{first} {last}" for first in FIRST for last in LAST]
        names = self.random.sample(names, AUTHORS)
        user_class = get_user_model()
        users = user_class.objects.bulk_create(
            user_class(
                username=f"{slugify(name).replace('-', '.')}",
                first_name=name.split()[0],
                last_name=name.split()[1],
                email=f"{slugify(name).replace('-', '.')}@example.org",
                password="!",  # no password fits: nobody can log in until one is set
                date_joined=EPOCH + timedelta(days=number),
            )
            for number, name in enumerate(names)
        )
        authors = [
            Author(
                user=user,
                name=name,
                slug=slugify(name),
                bio=self.text(1),
                interests=sorted(self.random.sample(INTERESTS, self.random.randint(0, 4))),
                website=f"https://{slugify(name)}.example.org/" if self.random.random() < 0.6 else None,
                joined_on=(EPOCH + timedelta(days=number)).date(),
            )
            for number, (name, user) in enumerate(zip(names, users))
        ]
        return users, Author.objects.bulk_create(authors)

    def categories(self):
        roots = Category.objects.bulk_create(Category(name=name, slug=slugify(name)) for name in CATEGORIES)
        return Category.objects.bulk_create(
            Category(name=name, slug=slugify(name), parent=root) for root in roots for name in CATEGORIES[root.name]
        )

    def tags(self):
        return Tag.objects.bulk_create(Tag(name=name, slug=slugify(name)) for name in TAGS)

    def article(self, number, authors, categories):
        body = self.text(self.random.randint(1, 4))
        title = f"{self.random.choice(OPENERS)} {' '.join(self.words(self.random.randint(1, 4)))}"
        status = self.random.choices(["published", "draft", "archived"], weights=[80, 15, 5])[0]
        created = self.moment()
        published = created + timedelta(hours=self.random.randint(1, 200)) if status != "draft" else None
        metadata = {"readingMinutes": max(1, len(body.split()) // 200), "source": self.random.choice(DEVICES)}
        if self.random.random() < 0.3:
            metadata["cover"] = {"src": f"/covers/{number % 60}.jpg", "size": [1200, 630]}
        return Article(
            public_id=uuid.UUID(int=self.random.getrandbits(128), version=4),
            author=self.random.choice(authors),
            category=self.random.choice(categories) if self.random.random() < 0.9 else None,
            title=title,
            slug=f"{slugify(title)[:200]}-{number}",
            summary=self.sentence(),
            body=body,
            status=status,
            is_featured=self.random.random() < 0.05,
            word_count=len(body.split()),
            rating=Decimal(self.random.randint(100, 500)) / 100 if self.random.random() < 0.7 else None,
            metadata=metadata,
            published_at=published,
            created_at=created,
            updated_at=(published or created) + timedelta(minutes=self.random.randint(0, 5000)),
        )

    def tag_links(self, articles, tags):
        link = Article.tags.through
        return [
            link(article_id=article.id, tag_id=tag.id)
            for article in articles
            for tag in self.random.sample(tags, self.random.randint(0, min(5, len(tags))))
        ]

    def comment(self, article, users, parent):
        user = self.random.choice(users) if self.random.random() < 0.7 else None
        return Comment(
            article=article,
            parent=parent,
            user=user,
            name=f"{user.first_name} {user.last_name}" if user else self.random.choice(FIRST),
            body=self.sentence(4, 20),
            is_approved=self.random.random() < 0.95,
            created_at=self.moment(parent.created_at if parent else article.published_at, 30),
        )

    def comments(self, articles, users):
        """Two rounds, since an answer needs the number of what it answers."""
        public = [article for article in articles if article.published_at]
        if not public:
            return
        count = self.articles * 25 // 6
        first = [self.comment(self.random.choice(public), users, None) for _ in range(count * 7 // 10)]
        first = Comment.objects.bulk_create(first, batch_size=BATCH)
        answers = []
        for _ in range(count - len(first)):
            parent = self.random.choice(first)
            answers.append(self.comment(parent.article, users, parent))
        Comment.objects.bulk_create(answers, batch_size=BATCH)

    def everything(self):
        users, authors = self.users_and_authors()
        categories = self.categories()
        tags = self.tags()
        articles = [self.article(number, authors, categories) for number in range(1, self.articles + 1)]
        articles = Article.objects.bulk_create(articles, batch_size=BATCH)
        Article.tags.through.objects.bulk_create(self.tag_links(articles, tags), batch_size=5 * BATCH)
        self.comments(articles, users)


class Command(BaseCommand):
    help = "Fills an empty blog with sample rows, the same every time. Does nothing when there are authors."

    def add_arguments(self, parser):
        parser.add_argument("--articles", type=int, default=1200, metavar="N", help="how many articles (default 1200)")

    def handle(self, *args, articles, **options):
        if articles < 0:
            raise CommandError("--articles cannot be negative")
        if Author.objects.exists():
            self.stdout.write("The blog has rows already; nothing to do.")
            return
        with transaction.atomic():
            Maker(articles).everything()
        counts = [(model._meta.verbose_name_plural, model.objects.count()) for model in (Author, Article, Tag, Comment)]
        self.stdout.write("Seeded: " + ", ".join(f"{count} {name}" for name, count in counts))
