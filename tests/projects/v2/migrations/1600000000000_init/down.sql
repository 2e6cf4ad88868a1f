drop function f; drop table b; drop table a;
