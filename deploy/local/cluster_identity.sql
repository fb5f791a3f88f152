-- Which cluster is this? Its data directory and its identifier, one a row.
select current_setting('data_directory')
union all
select system_identifier::text from pg_control_system();
