create schema shop;
create table users(id int primary key, first_name text);
create table shop.order_status(value text primary key, comment text);
insert into shop.order_status values ('new', 'fresh');
create table shop.orders(id int primary key, user_id int references users, country text, n int);
create function user_full_name(u users) returns text language sql stable as 'select u.first_name';
create function shop.find_orders(hasura_session json) returns setof shop.orders language sql stable as 'select * from shop.orders';
