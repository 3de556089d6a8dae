"""The settings of a PgBouncer between the service and PostgreSQL: many clients, few connections."""

from typing import Final

IGNORED: Final = ("extra_float_digits", "jit", "options", "search_path")
"""Settings that drivers send when they connect, which a shared connection cannot have."""


def pgbouncer_ini(
    *,
    host: str,
    database: str,
    user: str,
    port: int = 5432,
    listen_host: str = "127.0.0.1",
    listen_port: int = 6432,
    connections: int = 25,
    clients: int = 1_000,
    auth_type: str = "scram-sha-256",
    auth_file: str = "/etc/pgbouncer/userlist.txt",
) -> str:
    """Return a pgbouncer.ini for transaction mode; no password is in it, that is the auth file's.

    `host` is an address, or the folder of PostgreSQL's socket. Comments stand on lines of their own:
    PgBouncer takes what follows a value as part of it. With `auth_type` any everybody is `user`.
    """
    is_any = auth_type == "any"
    of_database = f"host={host} port={port} dbname={database}" + (f" user={user}" if is_any else "")
    told = {
        "listen_addr": listen_host,
        "listen_port": listen_port,
        "unix_socket_dir": "",
        "auth_type": auth_type,
        **({} if is_any else {"auth_file": auth_file}),
        "pool_mode": "transaction",
        "max_client_conn": clients,
        "default_pool_size": connections,
        "min_pool_size": min(5, connections),
        "reserve_pool_size": 0,
        "max_db_connections": connections,
        "server_lifetime": 3600,
        "server_idle_timeout": 600,
        "query_wait_timeout": 30,
        "idle_transaction_timeout": 60,
        "ignore_startup_parameters": ", ".join(IGNORED),
        "stats_period": 60,
    }
    lines = [f"{name} = {value}".rstrip() for name, value in told.items()]
    return "\n".join(["[databases]", f"{database} = {of_database}", "", "[pgbouncer]", *lines, ""])
