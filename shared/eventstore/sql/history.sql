-- Importing a history: many events of one ledger in one statement.

-- Puts events behind the one with this sequence and hash, which must be the ledger's last, and moves the head; false where
-- it is not. Sequences, versions and hashes were counted by the caller: `shufa ledger verify` counts them again.
create function import_events(
    p_tenant text, p_sequence bigint, p_hash bytea, p_recorded_at timestamptz,
    p_streams text[], p_versions integer[], p_names text[], p_schema_versions integer[],
    p_data text[], p_metadata text[], p_hashes bytea[],
    p_refs text[], p_text_streams text[], p_salts bytea[], p_bodies text[], p_text_hashes text[]
) returns boolean language plpgsql as $$
begin
    perform set_config('shufa.tenant', p_tenant, true), set_config('shufa.read_scope', p_tenant, true);
    insert into heads (tenant) values (p_tenant) on conflict do nothing;
    update heads h set sequence = p_sequence + cardinality(p_hashes), hash = p_hashes[cardinality(p_hashes)]
    where h.tenant = p_tenant and h.sequence = p_sequence and h.hash = p_hash;
    if not found then
        return false;
    end if;
    insert into events (tenant, sequence, stream, version, name, schema_version, data, metadata, recorded_at, hash)
    select p_tenant, p_sequence + e.n, e.stream, e.version, e.name, e.schema_version, e.data, e.metadata,
           p_recorded_at, e.hash
    from unnest(p_streams, p_versions, p_names, p_schema_versions, p_data, p_metadata, p_hashes)
         with ordinality e(stream, version, name, schema_version, data, metadata, hash, n);
    insert into texts (tenant, ref, stream, salt, body, sha256)
    select p_tenant, * from unnest(p_refs, p_text_streams, p_salts, p_bodies, p_text_hashes);
    return true;
end $$;
