"""The sample shop of examples/shop: its database, its metadata and questions to it, for the demo and the benchmark."""
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))

EXAMPLE = os.path.join(ROOT, "examples", "shop")


def read(name):
    with open(os.path.join(EXAMPLE, name), encoding="utf-8") as file:
        return file.read()


def load(cluster, scale):
    """Makes the database `shop` in cluster; returns its URL."""
    url = cluster.create_database("shop")
    cluster.sql(read("schema.sql"), "shop")
    cluster.sql(f"SET shop.scale = '{int(scale)}';" + read("seed.sql"), "shop")
    return url


def configure(server):
    server.metadata("replace_metadata", {"allow_inconsistent_metadata": False, "metadata": json.loads(read("metadata.json"))}, version=2)


class Question:
    """A GraphQL question: a name, the query, its variables, and who asks (role None: the admin)."""

    def __init__(self, name, query, variables=None, role=None, session=None):
        self.name, self.query, self.variables, self.role, self.session = name, query, variables or {}, role, session or {}

    def body(self):
        return {"query": self.query, "variables": self.variables}


CUSTOMER = {"role": "customer", "session": {"X-Hasura-User-Id": "3"}}

QUESTIONS = [
    Question("one row by key", "query($id: Int!) { product_by_pk(id: $id) { id name price } }", {"id": 7}),
    Question("twenty rows", "{ product(order_by: {id: asc}, limit: 20) { id name category price tags } }"),
    Question("twenty rows, anonymous", "{ product(order_by: {id: asc}, limit: 20) { id name category price tags } }", role="anonymous"),
    Question("own purchases, two levels", "{ purchase(order_by: {id: asc}) { id status items { quantity product { name price } } } }", **CUSTOMER),
    Question("filter over a relationship", 'query($c: String!) { product(where: {category: {_eq: $c}, reviews: {stars: {_gte: 4}}}, order_by: {id: asc}, limit: 10) { id name } }', {"c": "light"}),
    Question("aggregate", "{ review_aggregate(where: {product_id: {_lt: 20}}) { aggregate { count avg { stars } max { stars } } } }"),
    Question("aggregate in each of ten", "{ product(order_by: {id: asc}, limit: 10) { name reviews_aggregate { aggregate { count avg { stars } } } } }"),
    Question("five hundred rows", "{ purchase_item(order_by: [{purchase_id: asc}, {product_id: asc}], limit: 500) { purchase_id product_id quantity } }"),
]
