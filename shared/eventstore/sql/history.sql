-- Importing a history: many events of one ledger in one statement.

-- Puts events behind the one with this sequence and hash, which must be the ledger's last, and moves the head; false where
-- it is not. Sequences, versions and hashes were counted by the caller: `shufa ledger verify` counts them again.
-- A column of events is one text with a record separator (which neither a name nor JSON can hold) between its values,
-- the hashes one after the other: the driver writes an array value by value, which took longer than to hash them.
create function import_events(
    p_tenant text, p_sequence bigint, p_hash bytea, p_recorded_at timestamptz,
    p_streams text, p_versions text, p_names text, p_schema_versions text, p_data text, p_metadata text,
    p_hashes bytea,
    p_refs text[], p_text_streams text[], p_salts bytea[], p_bodies text[], p_text_hashes text[]
) returns boolean language plpgsql security definer set search_path = pg_catalog, public as $$
declare
    v_separator text := chr(30);
begin
    perform enter(p_tenant);
    insert into heads (tenant) values (p_tenant) on conflict do nothing;
    update heads h set sequence = p_sequence + length(p_hashes) / 32, hash = substr(p_hashes, length(p_hashes) - 31)
    where h.tenant = p_tenant and h.sequence = p_sequence and h.hash = p_hash;
    if not found then
        return false;
    end if;
    insert into events (tenant, sequence, stream, version, name, schema_version, data, metadata, recorded_at, hash)
    select p_tenant, p_sequence + e.n, e.stream, e.version, e.name, e.schema_version, e.data, e.metadata,
           p_recorded_at, substr(p_hashes, (32 * (e.n - 1) + 1)::integer, 32)
    from unnest(
            string_to_array(p_streams, v_separator), string_to_array(p_versions, v_separator)::integer[],
            string_to_array(p_names, v_separator), string_to_array(p_schema_versions, v_separator)::integer[],
            string_to_array(p_data, v_separator), string_to_array(p_metadata, v_separator))
         with ordinality e(stream, version, name, schema_version, data, metadata, n);
    insert into texts (tenant, ref, stream, salt, body, sha256)
    select p_tenant, * from unnest(p_refs, p_text_streams, p_salts, p_bodies, p_text_hashes);
    return true;
end $$;

grant execute on function import_events to {service}_app;
