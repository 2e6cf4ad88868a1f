create table author(id serial primary key, name text not null);
create table article(id serial primary key, title text, author_id int references author, published bool default false);
create function search_articles(q text) returns setof article language sql stable as
	$$ select * from article where title ilike q $$;
create function author_label(a author) returns text language sql stable as $$ select '#' || a.id $$;
create table e_color(value text primary key, comment text);
insert into e_color values ('red', 'r'), ('blue', 'b');
create view published as select * from article where published;
