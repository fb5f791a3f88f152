"""A NATS server that one test has to itself: to be killed, frozen, and started again where it was."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from deploy.local.accounts import USER
from deploy.local.nats import Nats
from deploy.local.processes import Child, Running, spawn, stop
from deploy.local.waiting import free_port
from tests.shared.waiting import until
from tests.standing_still import freeze


class OwnNats:
    """The server as ``shufa`` configures it, always on the same port and store."""

    def __init__(self, folder: Path) -> None:
        self.server = Nats(folder, folder / "nats.log", "secret")
        self.port = free_port()
        self._running: Running | None = None

    @property
    def url(self) -> str:
        return f"nats://{USER}:{self.server.password}@127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and wait until its JetStream answers."""
        await self.run(self.server.child(self.port))

    async def run(self, child: Child) -> None:
        """Start it, where its configuration is to be another one."""
        running = self._running = spawn(child)

        async def answers() -> bool:
            return self.server.answers(running, self.port)

        await until(answers)

    def kill(self) -> None:
        """SIGKILL: no last word, no last write."""
        process = self._process()
        process.kill()
        process.wait()

    def freeze(self) -> None:
        """The process stands still; its connections stay open."""
        freeze(self._process().pid)

    def thaw(self) -> None:
        """It goes on where it stood."""
        self._process().send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it, whatever state it is in."""
        if self._running is not None:
            self.thaw()
            stop([self._running])

    def _process(self) -> subprocess.Popen[bytes]:
        assert self._running is not None, "it was never started"
        return self._running.process
