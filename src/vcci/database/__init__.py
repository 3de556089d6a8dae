"""PostgreSQL, and only here: the embedded server, schema, migrations, tenancy and stores."""
