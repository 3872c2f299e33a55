"""Vector stores through the whole server, with the embedded embeddings model."""

from openai import OpenAI

from tests.support.documents import pdf, word_file

FACTS = {
    "whales.txt": b"Whales are mammals. They live in the sea and breathe air.",
    "bread.pdf": pdf("Bread is baked from flour, water, salt and yeast."),
    "stars.docx": word_file("Stars are far away suns.", "They shine because hydrogen fuses."),
}


def test_uploaded_files_are_found_by_what_they_mean(client: OpenAI) -> None:
    store = client.vector_stores.create(name="facts")
    try:
        batch = client.vector_stores.file_batches.upload_and_poll(
            store.id, files=[*FACTS.items()], poll_interval_ms=100
        )
        assert batch.file_counts.completed == len(FACTS), batch

        for question, name in (
            ("Which animals swim in the ocean?", "whales.txt"),
            ("How do I make a loaf?", "bread.pdf"),
            ("What is in the night sky?", "stars.docx"),
        ):
            found = client.vector_stores.search(store.id, query=question, max_num_results=1)
            assert [one.filename for one in found.data] == [name]
            assert found.data[0].score > 0.2
    finally:
        client.vector_stores.delete(store.id)
