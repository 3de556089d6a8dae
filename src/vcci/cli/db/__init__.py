"""`vcci db`: the embedded PostgreSQL by hand, and what any PostgreSQL does for VCCI."""

import typer

from vcci.cli.db import doctor, explain, indexes, pool_size, server, slow

app = typer.Typer(
    help="PostgreSQL: start | stop | status | url | indexes | explain | slow | doctor | pool-size.",
    no_args_is_help=True,
)
for command in (
    server.start,
    server.stop,
    server.status,
    server.url,
    indexes.indexes,
    explain.explain,
    slow.slow,
    doctor.doctor,
):
    app.command()(command)
app.command("pool-size")(pool_size.pool_size)
