"""What the bench asks: as GraphQL of Weir, as GraphQL of PostGraphile, and as one statement that makes the same JSON."""


def row(fields):
    return f"row_to_json((SELECT e FROM (SELECT {fields}) e))"


def question(query, variables=None, sql=None, peer=None, peer_variables=None, role=None):
    """sql None: no database is asked; peer None: PostGraphile is not asked. role: of the question (None: admin)."""
    return {"query": query, "variables": variables, "sql": sql, "peer": peer, "role": role,
            "peer_variables": variables if peer_variables is None else peer_variables}


ROLE = {"X-Hasura-Role": "employee", "X-Hasura-User-Id": "4"}
TABLES = ["Artist", "Album", "Genre", "MediaType", "Track", "Playlist", "PlaylistTrack", "Customer", "basket", "basket_line"]
OBJECTS = (("Album", "Artist", "ArtistId"), ("Track", "Album", "AlbumId"), ("Track", "Genre", "GenreId"),
           ("Track", "MediaType", "MediaTypeId"), ("PlaylistTrack", "Track", "TrackId"), ("basket_line", "basket", "basket_id"))
ARRAYS = (("Artist", "Albums", "Album", "ArtistId"), ("Album", "Tracks", "Track", "AlbumId"),
          ("Playlist", "PlaylistTracks", "PlaylistTrack", "PlaylistId"), ("basket", "lines", "basket_line", "basket_id"))

BY_PK = "query($id:Int!){Track_by_pk(TrackId:$id){TrackId Name UnitPrice}}"
COMPLEX = """query($g:String!,$n:Int=1000){Playlist(order_by:{Name:asc},where:{PlaylistTracks:{Track:{Genre:{Name:{_eq:$g}}}}}){
 Name PlaylistTracks(where:{Track:{Genre:{Name:{_eq:$g}}}},limit:$n){Track{Name Album{Title Artist{Name}} MediaType{Name}}}}}"""
PEER_COMPLEX = """query($g:String!,$n:Int=1000){allPlaylists(orderBy:NAME_ASC,filter:{playlistTracksByPlaylistId:{some:{trackByTrackId:{
 genreByGenreId:{name:{equalTo:$g}}}}}}){nodes{name playlistTracksByPlaylistId(first:$n,filter:{trackByTrackId:{genreByGenreId:{name:{
 equalTo:$g}}}}){nodes{trackByTrackId{name albumByAlbumId{title artistByArtistId{name}} mediaTypeByMediaTypeId{name}}}}}}}"""
INTROSPECTION = """query{__schema{queryType{name} mutationType{name} subscriptionType{name} types{...T}
 directives{name description locations args{...I}}}}
fragment T on __Type{kind name description fields(includeDeprecated:true){name description args{...I} type{...R} isDeprecated
 deprecationReason} inputFields{...I} interfaces{...R} enumValues(includeDeprecated:true){name description isDeprecated
 deprecationReason} possibleTypes{...R}} fragment I on __InputValue{name description type{...R} defaultValue}
fragment R on __Type""" + "{kind name ofType" * 7 + "{kind name" + "}" * 8

OF_GENRE = """EXISTS (SELECT 1 FROM "Track" t WHERE t."TrackId" = pt."TrackId" AND EXISTS
 (SELECT 1 FROM "Genre" g WHERE g."GenreId" = t."GenreId" AND g."Name" = 'Jazz'))"""
COMPLEX_SQL = f"""SELECT coalesce(json_agg(root ORDER BY "Name"), '[]') FROM
 (SELECT {row('p."Name", l.j "PlaylistTracks"')} root, p."Name" FROM "Playlist" p LEFT JOIN LATERAL (SELECT
 coalesce(json_agg({row('tr.j "Track"')}), '[]') j FROM (SELECT pt.* FROM "PlaylistTrack" pt WHERE
 pt."PlaylistId" = p."PlaylistId" AND {OF_GENRE} LIMIT 1000) pt LEFT JOIN LATERAL (SELECT
 {row('t."Name", al.j "Album", mt.j "MediaType"')} j FROM "Track" t LEFT JOIN LATERAL (SELECT
 {row('a."Title", ar.j "Artist"')} j FROM "Album" a LEFT JOIN LATERAL (SELECT {row('r."Name"')} j FROM "Artist" r
 WHERE r."ArtistId" = a."ArtistId" LIMIT 1) ar ON true WHERE a."AlbumId" = t."AlbumId" LIMIT 1) al ON true
 LEFT JOIN LATERAL (SELECT {row('m."Name"')} j FROM "MediaType" m WHERE m."MediaTypeId" = t."MediaTypeId" LIMIT 1) mt
 ON true WHERE t."TrackId" = pt."TrackId" LIMIT 1) tr ON true) l ON true WHERE EXISTS (SELECT 1 FROM "PlaylistTrack" pt
 WHERE pt."PlaylistId" = p."PlaylistId" AND {OF_GENRE})) q;"""

READS = {
    "typename": question("{__typename}", peer="{__typename}"),
    "by_pk": question(BY_PK, {"id": 5}, f"""SELECT coalesce(json_agg(root)->0, 'null') FROM
 (SELECT {row('t."TrackId", t."Name", t."UnitPrice"')} root FROM "Track" t WHERE t."TrackId" = 5) r;""",
                      "query($id:Int!){trackByTrackId(trackId:$id){trackId name unitPrice}}"),
    "list100": question("{Track(limit:100,order_by:{TrackId:asc}){TrackId Name Milliseconds UnitPrice}}", None,
                        f"""SELECT coalesce(json_agg(root), '[]') FROM (SELECT
 {row('t."TrackId", t."Name", t."Milliseconds", t."UnitPrice"')} root FROM "Track" t ORDER BY t."TrackId" LIMIT 100) r;""",
                        "{allTracks(first:100,orderBy:TRACK_ID_ASC){nodes{trackId name milliseconds unitPrice}}}"),
    "nested3": question("{Artist(limit:20,order_by:{ArtistId:asc}){Name Albums{Title Tracks{Name}}}}", None,
                        f"""SELECT coalesce(json_agg(root), '[]') FROM (SELECT {row('a."Name", al.j "Albums"')} root FROM
 (SELECT * FROM "Artist" ORDER BY "ArtistId" LIMIT 20) a LEFT JOIN LATERAL (SELECT
 coalesce(json_agg({row('b."Title", tr.j "Tracks"')}), '[]') j FROM "Album" b LEFT JOIN LATERAL (SELECT
 coalesce(json_agg({row('t."Name"')}), '[]') j FROM "Track" t WHERE t."AlbumId" = b."AlbumId") tr ON true
 WHERE b."ArtistId" = a."ArtistId") al ON true) r;""",
                        "{allArtists(first:20,orderBy:ARTIST_ID_ASC){nodes{name albumsByArtistId{nodes{title tracksByAlbumId{nodes{name}}}}}}}"),
    "complex_large": question(COMPLEX, {"g": "Jazz"}, COMPLEX_SQL, PEER_COMPLEX),
}

# As the role `employee`, who sees the customers of the session's user and everything else; the peer is asked for the same rows.
AS_ROLE = {
    "list of a role": question("{Customer{Email}}", None, f"""SELECT coalesce(json_agg(root), '[]') FROM
 (SELECT {row('c."Email"')} root FROM "Customer" c WHERE c."SupportRepId" = 4) r;""",
                               "query($u:Int){allCustomers(condition:{supportRepId:$u}){nodes{email}}}", {"u": 4}, ROLE),
    "complex_large of a role": question(COMPLEX, {"g": "Jazz"}, COMPLEX_SQL, PEER_COMPLEX, role=ROLE),
}

# PostGraphile has no insert of many rows and no nested one: its users put one field for each row into a mutation. So does the peer
# here; its nested insert writes the lines of a basket that is already there, which is less work.
TRACKS = range(1, 101)


def peer_line(track):
    return f'c{track}:createBasketLine(input:{{basketLine:{{basketId:1,trackId:{track},price:"0.99"}}}}){{clientMutationId}}'


WRITES = {
    "update_pk": question("mutation($id:Int!,$n:String){update_Artist_by_pk(pk_columns:{ArtistId:$id},_set:{Name:$n}){ArtistId Name}}",
                          {"id": 1, "n": "AC/DC"}, """WITH u AS (UPDATE "Artist" SET "Name" = 'AC/DC' WHERE "ArtistId" = 1 RETURNING *)
 SELECT json_agg(row_to_json(u))->0 FROM u;""", """mutation($id:Int!,$n:String){updateArtistByArtistId(input:{artistId:$id,
 artistPatch:{name:$n}}){artist{artistId name}}}"""),
    "insert one": question("mutation($c:String!){insert_basket_one(object:{customer:$c}){id customer}}", {"c": "somebody"},
                           """WITH i AS (INSERT INTO basket (customer) VALUES ('somebody') RETURNING *)
 SELECT json_agg(row_to_json((SELECT e FROM (SELECT i.id, i.customer) e)))->0 FROM i;""",
                           "mutation($c:String!){createBasket(input:{basket:{customer:$c}}){basket{id customer}}}"),
    "insert 100": question("mutation($n:[basket_line_insert_input!]!){insert_basket_line(objects:$n){affected_rows}}",
                           {"n": [{"basket_id": 1, "track_id": t, "price": 0.99} for t in TRACKS]},
                           "WITH i AS (INSERT INTO basket_line (basket_id, track_id, price) VALUES "
                           + ",".join(f"(1, {t}, 0.99)" for t in TRACKS)
                           + " RETURNING *) SELECT json_build_object('affected_rows', count(*)) FROM i;",
                           "mutation{" + " ".join(map(peer_line, TRACKS)) + "}", {}),
    "nested insert": question("""mutation($c:String!,$l:[basket_line_insert_input!]!){insert_basket_one(object:{customer:$c,
 lines:{data:$l}}){id}}""", {"c": "somebody", "l": [{"track_id": t, "price": 0.99} for t in TRACKS[:3]]},
                              """WITH b AS (INSERT INTO basket (customer) VALUES ('somebody') RETURNING id),
 l AS (INSERT INTO basket_line (basket_id, track_id, price) SELECT b.id, v.t, 0.99 FROM b, (VALUES (1), (2), (3)) v(t) RETURNING id)
 SELECT json_build_object('id', b.id) FROM b, (SELECT count(*) FROM l) c;""",
                              "mutation($c:String!){createBasket(input:{basket:{customer:$c}}){basket{id}} "
                              + " ".join(map(peer_line, TRACKS[:3])) + "}", {"c": "somebody"}),
}

# Not an empty table: for one with a single row PostgreSQL keeps a plan of its foreign-key check that reads the whole table, in each
# connection, until the table is analyzed again; what grows in a round would be the price of that, not of the insert.
BASKETS = """TRUNCATE basket, basket_line RESTART IDENTITY;
INSERT INTO basket (customer) SELECT 'somebody' FROM generate_series(1, 2000); ANALYZE basket, basket_line"""

# A music shop of the size of the well-known chinook, for when there is no dump of it.
GENERATED = """
CREATE TABLE "Artist" ("ArtistId" int PRIMARY KEY, "Name" varchar(120));
CREATE TABLE "Album" ("AlbumId" int PRIMARY KEY, "Title" varchar(160) NOT NULL, "ArtistId" int NOT NULL REFERENCES "Artist");
CREATE TABLE "Genre" ("GenreId" int PRIMARY KEY, "Name" varchar(120));
CREATE TABLE "MediaType" ("MediaTypeId" int PRIMARY KEY, "Name" varchar(120));
CREATE TABLE "Track" ("TrackId" int PRIMARY KEY, "Name" varchar(200) NOT NULL, "AlbumId" int REFERENCES "Album",
 "MediaTypeId" int NOT NULL REFERENCES "MediaType", "GenreId" int REFERENCES "Genre", "Composer" varchar(220),
 "Milliseconds" int NOT NULL, "Bytes" int, "UnitPrice" numeric(10,2) NOT NULL);
CREATE TABLE "Playlist" ("PlaylistId" int PRIMARY KEY, "Name" varchar(120));
CREATE TABLE "PlaylistTrack" ("PlaylistId" int REFERENCES "Playlist", "TrackId" int REFERENCES "Track",
 PRIMARY KEY ("PlaylistId", "TrackId"));
CREATE TABLE "Customer" ("CustomerId" int PRIMARY KEY, "Email" varchar(60) NOT NULL, "SupportRepId" int);
INSERT INTO "Artist" SELECT i, 'The Artists ' || i FROM generate_series(1, 275) i;
INSERT INTO "Album" SELECT i, 'Album "' || i || '" of many', 1 + i * 7919 % 275 FROM generate_series(1, 347) i;
INSERT INTO "Genre" SELECT i, CASE i WHEN 2 THEN 'Jazz' ELSE 'Genre ' || i END FROM generate_series(1, 25) i;
INSERT INTO "MediaType" SELECT i, 'Audio file, kind ' || i FROM generate_series(1, 5) i;
INSERT INTO "Track" SELECT i, 'Track number ' || i, 1 + i * 347 / 3504, 1 + i % 5, 1 + i * 13 % 25, 'Composer ' || i % 900,
 200000 + i * 37, 5000000 + i, CASE WHEN i % 16 = 0 THEN 1.99 ELSE 0.99 END FROM generate_series(1, 3503) i;
INSERT INTO "Playlist" SELECT i, 'Playlist ' || i % 15 FROM generate_series(1, 18) i;
INSERT INTO "PlaylistTrack" SELECT p, t FROM generate_series(1, 18) p, generate_series(1, 3503) t WHERE (p * 31 + t) % 7 = 0;
INSERT INTO "Customer" SELECT i, 'customer' || i || '@example.org', 3 + i % 3 FROM generate_series(1, 59) i;
CREATE INDEX ON "Album" ("ArtistId"); CREATE INDEX ON "Track" ("AlbumId"); CREATE INDEX ON "PlaylistTrack" ("TrackId");
CREATE INDEX ON "Customer" ("SupportRepId");
"""
# What is written to, and what sleeps, beside either shop.
BESIDE = """
CREATE TABLE basket (id serial PRIMARY KEY, customer text NOT NULL);
CREATE TABLE basket_line (id serial PRIMARY KEY, basket_id int NOT NULL REFERENCES basket, track_id int NOT NULL REFERENCES "Track",
 price numeric(10,2) NOT NULL);
CREATE INDEX ON basket_line (basket_id);
CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(0.2)::text AS slept;
"""
