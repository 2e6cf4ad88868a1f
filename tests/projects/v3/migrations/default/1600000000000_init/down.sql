drop view published;
drop table e_color;
drop function author_label(author);
drop function search_articles(text);
drop table article;
drop table author;
