insert into v1t(name) values('x')
