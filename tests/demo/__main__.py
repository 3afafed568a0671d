"""`make demo`, or `python -m tests.demo`: what the package does, told as a story."""

import asyncio
import sys

from tests.demo.async_client_tour import tour_async_client
from tests.demo.bulk_tour import tour_bulk
from tests.demo.cds_tour import tour_cds
from tests.demo.client_tour import tour_client
from tests.demo.model_tour import tour_models
from tests.demo.story import Story, console
from tests.demo.table_tour import tour_tables
from tests.demo.validation_tour import tour_validation
from tests.medplum_server.process import start_server


def main() -> int:
    """Run every part; return the exit status."""
    status = tour_models()
    story = Story()
    with start_server() as server:
        tour_client(server, story)
        server.reset()
        asyncio.run(tour_async_client(server, story))
        server.reset()
        tour_bulk(server, story)
        server.reset()
        tour_validation(server, story)
        server.reset()
        tour_tables(server, story)
        server.reset()
        tour_cds(server, story)
    for surprise in story.surprises:
        console.print(f"[red]not as expected[/red]: {surprise}")
    if not story.surprises:
        console.print(f"\n{story.checked} things that the clients did came out as expected.")
    return 1 if story.surprises else status


if __name__ == "__main__":
    sys.exit(main())
