-- What is known of a person before they are let in; what it answers is said at standing in functions.sql.
select * from standing($1, $2, $3)
