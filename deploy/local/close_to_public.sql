-- No service's role may connect to the databases that are not a service's.
revoke connect, temporary on database postgres, template1 from public;
