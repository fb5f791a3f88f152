-- Opens a reader's transaction in a tenant's scope: one call, as BEGIN alone would be. The two are paths of tenants.
begin read only; set local shufa.tenant = '{tenant}'; set local shufa.read_scope = '{scope}'
