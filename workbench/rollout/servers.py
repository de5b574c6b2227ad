"""Calls to vLLM servers over HTTP; whatever goes wrong is one line that names the URL and the way out."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

import aiohttp

from workbench.errors import UserError

T = TypeVar("T")


class Servers:
    """Several servers. `way_out` says what to do about the one at a URL.

    One event loop and one session serve all calls, which so keep their connections. Every call raises UserError for a
    server that does not answer or answers with an error.
    """

    def __init__(self, urls: Sequence[str], way_out: Callable[[str], str]):
        self.urls, self.way_out = list(urls), way_out
        self._runner = asyncio.Runner()
        self._session = self.run(_session())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it to its end on the event loop."""
        return self._runner.run(work)

    def call(self, path: str, **body: Any) -> list[Any]:
        """Post the same to every server; their answers, by server."""
        return self.run(self.call_each(path, [body] * len(self.urls)))

    async def call_each(self, path: str, bodies: Sequence[dict[str, Any]]) -> list[Any]:
        """Post to every server something of its own; their answers, by server."""
        posts = (self.post(url, path, body) for url, body in zip(self.urls, bodies, strict=True))
        return await asyncio.gather(*posts)

    async def post(self, url: str, path: str, body: dict[str, Any]) -> Any:
        """One server's answer, decoded; None where it is empty."""
        return await self._ask("POST", url, path, json=body)

    async def get(self, url: str, path: str) -> Any:
        """One server's answer, decoded."""
        return await self._ask("GET", url, path)

    async def _ask(self, method: str, url: str, path: str, **what: Any) -> Any:
        try:
            async with self._session.request(method, url + path, **what) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            words = str(error) or type(error).__name__
            raise UserError(f"no vLLM server answers at {url} ({words}); {self.way_out(url)}") from error
        if answer.status != 200:
            words = " ".join(content.decode(errors="replace").split())[:300]
            raise UserError(f"{url}{path} answered {answer.status} ({words}); {self.way_out(url)}")
        return json.loads(content) if content else None

    def close(self) -> None:
        """Give the connections back; the servers run on."""
        self.run(self._session.close())
        self._runner.close()


async def _session() -> aiohttp.ClientSession:
    # All requests at once, however long they take: the servers queue them. Only a connection must come soon.
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout)
