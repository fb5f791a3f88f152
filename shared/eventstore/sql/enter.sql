    -- Enters a tenant for the rest of the transaction, which enters no other. Written out where it is needed: to call a
    -- function for it takes longer than to insert a row.
    if coalesce(nullif(current_setting('shufa.tenant', true), ''), p_tenant) <> p_tenant then
        raise exception 'one transaction works in one tenant: % after %', p_tenant, current_setting('shufa.tenant')
            using errcode = 'SH002';
    end if;
    v_entered := set_config('shufa.tenant', set_config('shufa.read_scope', p_tenant, true), true);
