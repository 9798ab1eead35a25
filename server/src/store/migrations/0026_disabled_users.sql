-- Authentication sees who is disabled: an issuer that gives somebody a role must not let in whom the tenant has locked out.
alter policy directory on slipway.users using (current_user = 'slipway_directory');
