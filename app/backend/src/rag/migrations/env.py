"""Alembic's entry: it runs on the connection which rag.migrate holds the lock on."""

from alembic import context

from rag.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
