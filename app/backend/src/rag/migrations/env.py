"""Alembic's entry: it runs on the connection which rag.migrate holds the lock on."""

from alembic import context

from rag.tables import metadata, schema_revision

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    version_table=schema_revision.name,
)
with context.begin_transaction():
    context.run_migrations()
