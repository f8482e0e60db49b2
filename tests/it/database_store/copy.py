"""Copies the rows of a SQLite store into the tables that MLflow made in another database."""

import sqlalchemy
from sqlalchemy import MetaData, create_engine, select, text
from sqlalchemy.orm import clear_mappers

source, target = create_engine(source_uri), create_engine(target_uri)
there, here = MetaData(), MetaData()
there.reflect(target)
here.reflect(source)
with source.connect() as reading, target.begin() as writing:
    for table in reversed(there.sorted_tables):
        if table.name != "alembic_version":
            writing.execute(table.delete())
    for table in there.sorted_tables:
        known = here.tables.get(table.name)
        if known is None or table.name == "alembic_version":
            continue
        # Read by the types of the target: a boolean is a number in SQLite.
        columns = [sqlalchemy.column(c.name, c.type).label(c.name) for c in table.columns if c.name in known.columns]
        rows = [dict(row._mapping) for row in reading.execute(select(*columns).select_from(text(f'"{table.name}"')))]
        if rows:
            writing.execute(table.insert(), rows)
answer = True
