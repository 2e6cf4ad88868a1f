create schema sales;
create table sales.orders(id int primary key, total numeric, author_id int);
