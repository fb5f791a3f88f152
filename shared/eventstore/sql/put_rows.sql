-- Makes put_rows anew: [{table, put: [whole rows], drop: [rows with their key]}], of each table what is dropped first.
-- No two rows to put may have the same key. Run and called again after every migration, so that it knows every column; one
-- that may not be null and has a default gets it where a row does not say: the version before knows no new column.
create or replace function make_put_rows() returns void language plpgsql as $make$
declare
    v_table regclass;
    v_columns text;
    v_values text;
    v_keys text;
    v_rest text;
    v_cases text := '';
begin
    for v_table in select to_regclass(name) from read_models where to_regclass(name) is not null order by name loop
        select string_agg(format('%I', attname), ', ' order by attnum),
               string_agg(case when attnotnull and atthasdef
                               then format('coalesce(%I, %s)', attname, pg_get_expr(adbin, adrelid))
                               else format('%I', attname) end, ', ' order by attnum)
        into v_columns, v_values
        from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attrelid = v_table and attnum > 0 and not attisdropped;
        select string_agg(format('%I', attname), ', ' order by attnum) into v_keys
        from pg_attribute join pg_index on indrelid = attrelid and indisprimary and attnum = any (indkey)
        where attrelid = v_table;
        select string_agg(format('%1$I = excluded.%1$I', attname), ', ' order by attnum) into v_rest
        from pg_attribute join pg_index on indrelid = attrelid and indisprimary and not attnum = any (indkey)
        where attrelid = v_table and attnum > 0 and not attisdropped;
        v_cases := v_cases || format($case$
            when %2$L then
                if v_one ? 'drop' then
                    delete from %1$s where (%4$s) in (
                        select %4$s from jsonb_populate_recordset(null::%1$s, v_one -> 'drop'));
                end if;
                if v_one ? 'put' then
                    insert into %1$s (%3$s)
                    select %6$s from jsonb_populate_recordset(null::%1$s, v_one -> 'put')
                    on conflict (%4$s) do %5$s;
                end if;$case$,
            v_table, v_table::text, v_columns, v_keys, coalesce('update set ' || v_rest, 'nothing'), v_values);
    end loop;
    execute format($function$
        create or replace function put_rows(p_rows jsonb) returns void
        language plpgsql security definer set search_path = pg_catalog, public as $body$
        declare
            v_one jsonb;
        begin
            for n in 0 .. jsonb_array_length(p_rows) - 1 loop
                v_one := p_rows -> n;
                case v_one ->> 'table' %s
                end case;
            end loop;
        end $body$
    $function$, v_cases);
    execute format('grant execute on function put_rows to %I', (select service || '_app' from service_identity));
end $make$;
