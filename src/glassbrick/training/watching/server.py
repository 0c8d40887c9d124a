"""Server: shows a page of a record to browsers on this computer, and streams what is new to it."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from glassbrick.checks import complaint
from glassbrick.errors import ArgumentError, MissingExtraError
from glassbrick.pages import page
from glassbrick.training.watching.record import Cursor, Record

__all__ = ["Server"]

_HOST = "127.0.0.1"
_PAUSE = 0.4  # seconds between two looks for news
_PATIENCE = 2.0  # seconds that streams have for their last news
# The page may run its own script and ask this server for news, and nothing else.
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Server:
    """Serves the page of a record from a thread, to this computer only.

    Whoever asks has to know the address, of which a part is random, and to call this computer by
    its own name, so that no page of another site can ask in its place.

    Parameters
    ----------
    record : Record
        What to show.
    title : str
        Of the page.
    port : int
        0 takes a free one.

    Attributes
    ----------
    url : str
        Of the page.
    readers : int
        How many browsers are connected.

    Raises
    ------
    ArgumentError
        If the port is in use, or cannot be used.
    MissingExtraError
        If starlette or uvicorn is not installed.
    """

    def __init__(self, record: Record, title: str, port: int):
        try:
            import uvicorn
        except ImportError:
            raise MissingExtraError("Watch", "uvicorn", "watch") from None
        self.record, self.title, self.readers = record, title, 0
        self._is_over = False
        self._token = secrets.token_urlsafe(12)
        app = self._app()
        listening = _listen(port)
        self.url = f"http://{_HOST}:{listening.getsockname()[1]}/{self._token}/"
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(_PATIENCE),
        )
        self._uvicorn = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._uvicorn.run, args=([listening],), name="glassbrick-watch", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Tell readers what is left to tell, and that it is over; stop listening."""
        self._is_over = True
        deadline = time.monotonic() + _PATIENCE
        while self.readers and time.monotonic() < deadline:
            time.sleep(0.02)
        self._uvicorn.should_exit = True
        self._thread.join(2.0 * _PATIENCE)

    def _app(self) -> Any:
        """Return the application: a page, and a stream."""
        try:
            from starlette.applications import Starlette
            from starlette.middleware import Middleware
            from starlette.middleware.trustedhost import TrustedHostMiddleware
            from starlette.responses import HTMLResponse, StreamingResponse
            from starlette.routing import Route
        except ImportError:
            raise MissingExtraError("Watch", "starlette", "watch") from None

        async def show(_: Any) -> Any:
            data = {"title": self.title, "stream": "events"}
            return HTMLResponse(page("watch", self.title, data), headers=_HEADERS)

        async def stream(_: Any) -> Any:
            kind = "text/event-stream"
            return StreamingResponse(self._news(), media_type=kind, headers=_HEADERS)

        routes: list[tuple[str, Callable[[Any], Any]]] = [("", show), ("events", stream)]
        return Starlette(
            routes=[Route(f"/{self._token}/{path}", endpoint) for path, endpoint in routes],
            middleware=[
                Middleware(
                    TrustedHostMiddleware, allowed_hosts=[_HOST, "localhost"], www_redirect=False
                )
            ],
        )

    async def _news(self) -> AsyncIterator[str]:
        """Yield all there is, then what is new, until it is over."""
        cursors: list[Cursor] = []
        self.readers += 1
        try:
            yield "event: start\ndata: {}\n\n"  # a reader that comes back begins anew
            while True:
                is_over = self._is_over
                news = self.record.since(cursors)
                if news is not None:
                    yield f"data: {json.dumps(news, allow_nan=False)}\n\n"
                if is_over:
                    yield "event: over\ndata: {}\n\n"
                    return
                await self._pause()
        finally:
            self.readers -= 1

    async def _pause(self) -> None:
        """Wait a little, and less if it is over."""
        until = time.monotonic() + _PAUSE
        while not self._is_over and time.monotonic() < until:
            await asyncio.sleep(0.1)


def _listen(port: int) -> socket.socket:
    """Return a socket that only this computer can reach."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would share a port that is in use
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or str(error)
        advice = "port=0 takes a free one."
        raise ArgumentError(
            complaint("Watch, port", "a free port", f"{port} ({why})", advice)
        ) from None
    return listening
