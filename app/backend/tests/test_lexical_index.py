"""The index by words: who writes, what it costs to read, and that its counts are always right."""

import asyncio
import itertools
import math
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import servers
from alembic import command as alembic_command
from sqlalchemy import create_engine, text

from rag import migrate
from rag.adapters import postgres
from rag.ask import repository
from rag.ask.filters import Within
from rag.ask.repository import SearchRepository
from rag.documents.repository import DocumentRepository
from rag.errors import DependencyError
from rag.health.service import check_postgres
from rag.ingest.chunk import Chunk
from rag.languages.words import searchable

# As a program of revision 0001 does it.
START = (
    "INSERT INTO documents"
    " (id, sha256, filename, content_type, bytes, pages, embedding_model, status)"
    " VALUES (%(id)s, %(id)s, 'a.txt', 'text/plain; charset=utf-8', 1, 1, 'm', 'processing')"
    " ON CONFLICT (id) DO UPDATE SET status = 'processing', attempts = documents.attempts + 1"
)
DROP = "DELETE FROM chunks WHERE document_id = %(id)s"
CHUNK = (
    "INSERT INTO chunks (id, document_id, ordinal, page, start_char, end_char, heading, text)"
    " VALUES (%(chunk)s, %(id)s, %(ordinal)s, 1, 0, 1, '', %(text)s)"
)
SET = "UPDATE documents SET status = %(status)s WHERE id = %(id)s"
CHANGED = "UPDATE corpus SET version = version + 1"
REMOVE = "DELETE FROM documents WHERE id = %(id)s"

# What the index must hold, worked out from the chunks of ready documents.
FINDABLE = (
    "SELECT c.id, w.lexeme, cardinality(w.positions) FROM documents d"
    " JOIN chunks c ON c.document_id = d.id, unnest(c.words) w WHERE d.status = 'ready'"
)
HELD = "SELECT chunk_id, stem, frequency FROM entries JOIN postings ON entry = number"


class Database:
    """A migrated database of its own, written to as an older program does."""

    def __init__(self, url):
        self.url = url
        self.connection = psycopg.connect(url, autocommit=True)

    def start(self, document):
        self.connection.execute(START, {"id": document})

    def finish(self, document, *texts, connection=None):
        """Its chunks one by one, each a statement of its own."""
        connection = connection or self.connection
        with connection.transaction():
            connection.execute(DROP, {"id": document})
            for ordinal, text in enumerate(texts):
                chunk = f"{document}-{ordinal:05d}"
                connection.execute(
                    CHUNK, {"chunk": chunk, "id": document, "ordinal": ordinal, "text": text}
                )
            connection.execute(SET, {"id": document, "status": "ready"})
            connection.execute(CHANGED)

    def add(self, document, *texts):
        self.start(document)
        self.finish(document, *texts)

    def fail(self, document):
        with self.connection.transaction():
            self.connection.execute(DROP, {"id": document})
            self.connection.execute(SET, {"id": document, "status": "failed"})

    def hide(self, document):
        with self.connection.transaction():
            self.connection.execute(SET, {"id": document, "status": "deleting"})
            self.connection.execute(CHANGED)

    def remove(self, document):
        self.connection.execute(REMOVE, {"id": document})

    def rows(self, statement):
        return self.connection.execute(statement).fetchall()

    def counts(self):
        """In how many chunks each stem stands, as it is kept; checked against the chunks."""
        findable = self.rows(FINDABLE)
        assert sorted(self.rows(HELD)) == sorted(findable)
        kept = dict(self.rows("SELECT stem, chunks FROM stems"))
        assert kept == Counter(stem for _chunk, stem, _frequency in findable)
        [(chunks, length)] = self.rows("SELECT chunks, length FROM totals")
        assert chunks == len({chunk for chunk, _stem, _frequency in findable})
        assert length == sum(frequency for _chunk, _stem, frequency in findable)
        return kept

    def search(self, question, limit=50, language="en"):
        return [chunk for chunk, _score in self.scored(question, limit, language)]

    def scored(self, question, limit=50, language="en", within=None):
        """(chunk, score), best first."""

        async def find():
            engine = postgres.engine(lambda: self.url, 30, pool_size=0)
            search = SearchRepository(engine)
            stems = await search.stems(question, language, await search.languages())
            return await search.search(stems, limit, within)

        return asyncio.run(find())


@pytest.fixture
def empty(world):
    """The URL of a database that nothing is in."""
    name = "lexical"
    servers.create_database(world.ports["postgres"], name)
    yield servers.postgres_url(world.ports["postgres"], name)
    with psycopg.connect(servers.postgres_url(world.ports["postgres"], "postgres")) as connection:
        connection.autocommit = True
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def database(world, empty):
    """A migrated database."""
    assert world.migrate(DATABASE_URL=empty).returncode == 0
    made = Database(empty)
    yield made
    made.connection.close()


def alembic(url, step, revision):
    """Go up or down to a revision."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        step(config, revision)
    engine.dispose()


def test_counts_follow_whatever_happens_to_a_document(database):
    database.add("a", "Otters swim in rivers.", "Otters eat fish.")
    before = database.counts()
    assert before["otter"] == 2
    database.add("b", "Herons eat fish.")
    assert database.counts()["fish"] == 2
    # Hidden, and taken in again before it was removed.
    database.hide("b")
    assert database.counts() == before
    database.add("b", "Herons stand still, and herons wait.")
    assert database.counts()["heron"] == 1
    # An outcome that was not heard of: the document is ready, and yet it is undone.
    database.fail("b")
    assert database.counts() == before
    database.add("b", "Herons eat fish.")
    database.hide("b")
    database.remove("b")
    assert database.counts() == before
    database.remove("a")
    assert database.counts() == {}


def test_this_programs_statements_keep_the_same_counts(database):
    database.start("d" * 32)
    found = [Chunk(n, 1, 0, 1, "", f"Beaver number {n} builds a dam.") for n in range(600)]

    async def live():
        engine = postgres.engine(lambda: database.url, 30, pool_size=0)
        documents = DocumentRepository(engine, patience=1)
        # Once, and again as a job does that reads a ready document anew.
        for prefix in ("one-", "two-"):
            async with documents.begin() as connection:
                await documents.finish(connection, "d" * 32, prefix, found)
        during = database.counts()
        async with documents.begin() as connection:
            await documents.hide(connection, "d" * 32)
        return during

    assert asyncio.run(live())["beaver"] == 600
    assert database.counts() == {}
    assert database.rows("SELECT status FROM documents") == [("deleting",)]


def test_a_transaction_that_is_not_finished_leaves_nothing(database):
    database.add("a", "Otters swim in rivers.")
    before = database.counts()
    database.start("b")
    killed = psycopg.connect(database.url)
    [process] = killed.execute("SELECT pg_backend_pid()").fetchone()
    killed.execute(CHUNK, {"chunk": "b-00000", "id": "b", "ordinal": 0, "text": "Otters sleep."})
    killed.execute(SET, {"id": "b", "status": "ready"})
    database.connection.execute("SELECT pg_terminate_backend(%s)", [process])
    with pytest.raises(psycopg.OperationalError):
        killed.execute("SELECT 1")
    servers.wait("the rollback", lambda: database.counts() == before, 10)
    database.finish("b", "Otters sleep.")
    assert database.counts()["otter"] == 2


def test_documents_at_once_wait_for_each_other(database):
    words = [f"word{n}" for n in range(200)]

    def change(worker):
        with psycopg.connect(database.url, autocommit=True) as connection:
            for turn in range(10):
                document = f"{worker}x{turn}"
                # The same words, by each in another order.
                text = " ".join(words if (worker + turn) % 2 else reversed(words))
                connection.execute(START, {"id": document})
                database.finish(document, text, text, connection=connection)
                if turn % 3 == 0:
                    connection.execute(REMOVE, {"id": document})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(4)))
    assert set(database.counts().values()) == {4 * 6 * 2}


def test_the_order_is_that_of_bm25(database):
    animals, places = ("otter", "heron", "beaver", "perch"), ("river", "lake", "dam", "reed")
    for n, (animal, place) in enumerate(itertools.product(animals, places)):
        database.add(f"{n:02d}", f"{animal} {place} " * (n % 3 + 1) + "water " * (n * 5 % 7))
    database.add("99", "Nothing of all that.")
    texts = dict(database.rows("SELECT id, text FROM chunks"))
    stems = {chunk: Counter() for chunk in texts}
    for chunk, stem, frequency in database.rows(FINDABLE):
        stems[chunk][stem] = frequency
    average = sum(each.total() for each in stems.values()) / len(stems)

    def score(chunk, asked):
        total = 0.0
        for stem, wanted in asked.items():
            among = sum(stem in each for each in stems.values())
            rarity = math.log(1 + (len(stems) - among + 0.5) / (among + 0.5))
            norm = 1.2 * (0.25 + 0.75 * stems[chunk].total() / average)
            frequency = stems[chunk][stem]
            total += wanted * rarity * frequency / (frequency + norm)
        return round(total, 9)

    for asked in ({"otter": 1, "water": 1}, {"lake": 3, "perch": 1, "water": 1}, {"unheard": 1}):
        question = " ".join(" ".join([word] * n) for word, n in asked.items())
        expected = sorted(
            (chunk for chunk in stems if score(chunk, asked)),
            key=lambda chunk: (-score(chunk, asked), chunk),
        )
        assert database.search(question) == expected
    assert database.search("") == []
    assert database.search("otter", limit=2) == database.search("otter")[:2]


def plans(plan):
    """All steps of a plan."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from plans(part)


def read_for(database, frequencies, bounds):
    """Of which tables and indexes a question reads how many rows."""
    engine = create_engine(database.url.replace("postgresql://", "postgresql+psycopg://"))
    given = {"stems": list(frequencies), "terms": list(frequencies), **bounds}
    given["frequencies"] = list(frequencies.values())
    statement = text("EXPLAIN (ANALYZE, FORMAT JSON) " + repository._SEARCH.text)
    with engine.connect() as connection:
        [plan] = connection.execute(statement, given).scalar_one()
    engine.dispose()
    rows = Counter()
    for step in plans(plan["Plan"]):
        if "Relation Name" in step:
            place = step.get("Index Name", step["Relation Name"])
            rows[place] += step["Actual Rows"] * step["Actual Loops"]
    return rows


def test_a_common_word_costs_the_same_in_a_larger_corpus(database):
    """What is read depends on the bounds, not on how many chunks share the question's words."""
    bounds = {"budget": 500, "least": 50, "heavy": 8, "likely": 60, "limit": 20}
    question = {"common": 1, "rare7": 1, "some3": 2}
    seen = []
    for batch in range(3):
        for document in range(20):
            name = f"{batch}x{document}"
            database.start(name)
            database.connection.execute(
                "INSERT INTO chunks (id, document_id, ordinal, page, start_char, end_char, heading,"
                " text) SELECT %(id)s || '-' || n, %(id)s, n, 1, 0, 1, '', 'common rare' || n ||"
                " ' some' || n %% 5 || ' only' || n || %(id)s FROM generate_series(1, 200) n",
                {"id": name},
            )
            database.connection.execute(SET, {"id": name, "status": "ready"})
        database.connection.execute("ANALYZE")
        seen.append(read_for(database, question, bounds))
    for read in seen:
        assert set(read) <= {"totals", "pk_stems", "ix_postings_stem", "pk_postings", "pk_entries"}
        assert read["ix_postings_stem"] <= bounds["budget"] + len(question) * bounds["least"]
        assert read["pk_entries"] <= bounds["likely"]
        assert read["pk_postings"] <= bounds["likely"] * 4
    assert max(read.total() for read in seen[1:]) <= 1.1 * seen[0].total()
    assert database.rows("SELECT chunks FROM stems WHERE stem = 'common'") == [(12000,)]


@pytest.fixture
def older(empty):
    """A database as a program of revision 0001 left it, with a ready document and another."""
    alembic(empty, alembic_command.upgrade, "0001")
    made = Database(empty)
    made.connection.execute("ALTER TABLE schema_revision RENAME TO alembic_version")
    made.connection.execute("ALTER INDEX schema_revision_pkc RENAME TO alembic_version_pkc")
    made.add("old", "Kestrels hover above meadows.", "Meadows are mown in June.")
    made.start("pending")
    yield made
    made.connection.close()


def test_an_older_program_goes_on_working_after_the_migration(world, older):
    done = world.migrate(DATABASE_URL=older.url)
    assert done.returncode == 0, done.stdout
    assert f'"before": "0001", "after": "{migrate.head()}"' in done.stdout
    assert older.counts()["meadow"] == 2
    assert older.search("Where do kestrels hover?") == ["old-00000"]
    # It is ready only while it finds its own revision.
    assert older.rows("SELECT version_num FROM alembic_version") == [("0001",)]
    before = older.counts()
    older.finish("pending", "Kestrels breed in towers.")
    assert older.search("kestrels in towers")[0] == "pending-00000"
    older.hide("pending")
    assert older.search("towers") == []
    older.remove("pending")
    assert older.counts() == before
    again = world.migrate(DATABASE_URL=older.url)
    assert '"changed": false' in again.stdout


@pytest.fixture
def english_only(empty):
    """A database as a program of revision 0002 left it, with documents in three languages."""
    alembic(empty, alembic_command.upgrade, "0002")
    made = Database(empty)
    made.add("en", *["Kestrels hover above meadows and hunt for mice."] * 3)
    made.add("de", "Turmfalken rütteln über den Wiesen.", "Die Häuser der Gemeinde sind alt.")
    made.add("zh", "瓦恩霍尔姆灯塔建于1843年，高四十二米。它的守护人叫奥蒂莉。")
    yield made
    made.connection.close()


def kept_counts_are_right(database):
    """The counts that questions weigh with are those of the index itself."""
    kept = dict(database.rows("SELECT stem, chunks FROM stems"))
    assert kept == Counter(stem for (stem,) in database.rows("SELECT stem FROM postings"))
    assert database.rows("SELECT chunks, length FROM totals") == database.rows(
        "SELECT count(*), sum(length) FROM entries"
    )
    assert (
        database.rows(
            "SELECT number FROM entries WHERE length <> coalesce("
            "(SELECT sum(frequency) FROM postings WHERE entry = number), 0)"
        )
        == []
    )


def test_what_is_there_is_read_again_in_its_own_language(world, english_only):
    before = english_only.rows(f"{HELD} WHERE chunk_id LIKE 'en%' ORDER BY 1, 2")
    assert world.migrate(DATABASE_URL=english_only.url).returncode == 0
    assert english_only.rows("SELECT id, language FROM documents ORDER BY id") == [
        ("de", "de"),
        ("en", "en"),
        ("zh", "zh"),
    ]
    kept_counts_are_right(english_only)
    assert english_only.rows(f"{HELD} WHERE chunk_id LIKE 'en%' ORDER BY 1, 2") == before
    assert english_only.search("Welches Haus ist alt?", language="de") == ["de-00001"]
    assert english_only.search("uber Wiesen", language="de") == ["de-00000"]
    assert english_only.search("ueber Wiesen", language="de") == ["de-00000"]
    assert english_only.search("灯塔", language="zh") == ["zh-00000"]
    # A program of revision 0002 goes on, and what it takes out leaves nothing.
    english_only.add("new", "Herons eat fish.")
    assert english_only.search("herons") == ["new-00000"]
    for document in ("de", "zh"):
        english_only.hide(document)
        english_only.remove(document)
    kept_counts_are_right(english_only)
    assert not english_only.rows("SELECT FROM stems WHERE stem ~ '[^ -~]'")


@pytest.mark.parametrize(
    ("question", "language"),
    [("Welches alte Haus steht in Wiesen?", "de"), ("灯塔有多高？", "zh"), ("kestrels hunt", "en")],
)
def test_filters_count_the_terms_of_every_language_alike(world, english_only, question, language):
    assert world.migrate(DATABASE_URL=english_only.url).returncode == 0
    every = english_only.scored(question, language=language)
    assert every
    assert every[0][0].startswith(language)
    # By chunks of the documents, by postings of these documents, and of all but the others.
    for within in (
        Within((language,), 3, outside=False),
        Within((language,), 10_000, outside=False),
        Within(tuple({"en", "de", "zh"} - {language}), 3, outside=True),
    ):
        found = english_only.scored(question, language=language, within=within)
        own = [(chunk, score) for chunk, score in every if chunk.startswith(language)]
        assert found == [(chunk, pytest.approx(score)) for chunk, score in own]


@pytest.mark.parametrize("revision", ["0002", "0003"])
def test_programs_of_before_find_the_schema_good(world, english_only, revision):
    alembic(english_only.url, alembic_command.upgrade, revision)
    done = world.migrate(DATABASE_URL=english_only.url)
    assert f'"before": "{revision}", "after": "{migrate.head()}"' in done.stdout

    async def look(head, earlier):
        engine = postgres.engine(lambda: english_only.url, 30, pool_size=0)
        await check_postgres(engine, head, earlier)

    known = [None, "0001", "0002", "0003"]
    asyncio.run(look(revision, known[: known.index(revision)]))
    with pytest.raises(DependencyError, match=f"needs {revision}"):
        asyncio.run(look(revision, [*known, migrate.head()]))


def test_a_program_with_languages_and_without_jobs_goes_on(world, english_only):
    """Revision 0003: it tells the language itself, and has its own form of chunks' ids."""
    alembic(english_only.url, alembic_command.upgrade, "0003")
    assert world.migrate(DATABASE_URL=english_only.url).returncode == 0
    chunk, words = "fr-00000", "Les hérons pêchent dans les étangs."
    english_only.start("fr")
    with english_only.connection.transaction():
        given = {"chunk": chunk, "id": "fr", "ordinal": 0, "text": words}
        english_only.connection.execute(CHUNK, given)
        english_only.connection.execute(
            "SELECT index_texts(%s, %s, %s)", [[chunk], [searchable(words, "fr")], ["fr"]]
        )
        english_only.connection.execute(
            "UPDATE documents SET status = 'ready', chunks = 1, language = 'fr' WHERE id = 'fr'"
        )
    kept_counts_are_right(english_only)
    assert english_only.search("Quel héron pêche ?", language="fr") == [chunk]
    english_only.hide("fr")
    english_only.remove("fr")
    assert english_only.search("héron", language="fr") == []
    kept_counts_are_right(english_only)


def test_the_way_back_to_english_alone(english_only):
    before = english_only.counts()
    alembic(english_only.url, alembic_command.upgrade, "0003")
    assert english_only.search("灯塔", language="zh") == ["zh-00000"]
    alembic(english_only.url, alembic_command.downgrade, "0002")
    assert english_only.counts() == before


def test_the_way_back_and_up_again(database):
    database.add("a", "Otters swim in rivers.")
    before = database.counts()
    alembic(database.url, alembic_command.downgrade, "0001")
    database.add("b", "Herons eat fish.")
    database.hide("a")
    alembic(database.url, alembic_command.upgrade, "head")
    assert database.search("otters herons") == ["b-00000"]
    database.add("a", "Otters swim in rivers.")
    database.remove("b")
    assert database.counts() == before


def test_a_later_schema_is_left_alone(world, database, start):
    """So that this program can run beside the next one, or after it was taken back."""
    database.connection.execute("UPDATE schema_revision SET version_num = '9999'")
    done = world.migrate(DATABASE_URL=database.url)
    assert done.returncode == 0, done.stdout
    assert '"after": "9999"' in done.stdout
    assert start(DATABASE_URL=database.url).get("/readyz").status_code == 200
