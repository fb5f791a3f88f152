-- The inbox's only call; see keep in applying.sql.
select keep($1, $2, $3, $4, $5, $6, $7, $8)
