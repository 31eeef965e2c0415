"""Start and end the world, from outside."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rehearsal import cluster, disk, own_cluster
from rehearsal.caches import Caches
from rehearsal.identity import Identity, Process, first_process_below
from rehearsal.paths import Places
from rehearsal.pki import write_private
from rehearsal.status import State, read_state
from rehearsal.storage import write_settings
from rehearsal.unshare import NAMESPACE, end_group
from rehearsal.world import WorldError

Say = Callable[[str], None]
START_LIMIT = 240.0


@dataclass
class Lifecycle:
    """Starting and ending the world that has its data in `places`."""

    places: Places
    say: Say = print

    def start(self, caches: Caches) -> None:
        """Start a world and wait until it is ready; leave nothing behind when it fails."""
        self.places.data.mkdir(parents=True, exist_ok=True)
        own = os.environ.get("REHEARSAL_KUBECONFIG")
        if own:
            own_cluster.take_over(Path(own), self.places)
        write_settings(self.places.data, Path("/run/containers"))
        # Logins to the registry stay in the world; buildah wants the file to be there.
        write_private(self.places.data / "registry-auth.json", b'{"auths": {}}')
        caches.note(self.places.data)
        identity = self._spawn(caches)
        try:
            if own:
                own_cluster.spawn_outside(self.places, identity)
            self._follow(identity)
        except BaseException:
            self._keep_logs()
            self.stop()
            raise

    def _spawn(self, caches: Caches) -> Identity:
        logs = self.places.data / "logs"
        logs.mkdir(exist_ok=True)
        argv = [
            *NAMESPACE, sys.executable, "-m", "rehearsal.inside",
            f"--data={self.places.data}", f"--cache={self.places.cache}",
            f"--python={caches.ministack / 'bin/python'}", f"--images={caches.images}",
            *([f"--binaries={caches.binaries}"] if caches.binaries else []),
            *(f"--archive={archive}" for archive in caches.archives),
        ]  # fmt: skip
        with (logs / "world.log").open("ab") as log:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if process.poll() is not None:
                end_group(process)
                text = (logs / "world.log").read_text(errors="replace").strip()
                raise WorldError(f"the namespace could not be made: {text}")
            if init := first_process_below(process.pid):
                outer = Process.of(process.pid)
                if outer:
                    identity = Identity(outer, init)
                    identity.write(self.places)
                    return identity
            time.sleep(0.02)
        end_group(process)
        raise WorldError("the namespace did not get a first process within 10 s")

    def _follow(self, identity: Identity) -> None:
        """Show what the supervisor says until it is ready."""
        began = time.monotonic()
        shown = 0
        told = began
        while True:
            lines = self._progress()
            for line in lines[shown:]:
                self.say(line)
                told = time.monotonic()
            shown = len(lines)
            state = read_state(self.places)
            if state and state.phase == "ready":
                return
            if (state and state.phase == "failed") or not identity.alive:
                raise WorldError(f"the world did not start: {self._cause(state)}{self._disk()}")
            if time.monotonic() - began > START_LIMIT:
                raise WorldError(
                    f"the world is not ready after {START_LIMIT:.0f} s: see the lines above"
                    + self._disk()
                )
            if time.monotonic() - told > 10:
                told = time.monotonic()
                self.say(f"{told - began:6.1f} s  still waiting")
            time.sleep(0.1)

    def _progress(self) -> list[str]:
        try:
            return self.places.progress.read_text().splitlines()
        except FileNotFoundError:
            return []

    def _cause(self, state: State | None) -> str:
        if state and state.error:
            return state.error
        log = self.places.data / "logs/world.log"
        tail = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
        return "its first process ended" + ("".join(f"\n  {line}" for line in tail))

    def _disk(self) -> str:
        """A further line when the disk has filled up meanwhile: then that is the cause."""
        cause = disk.full(self.places.data)
        return f"\n  {cause}: {disk.REMEDY}" if cause else ""

    def _keep_logs(self) -> None:
        """Keep the logs of a world that failed: `down` takes them with the rest."""
        kept = self.places.cache / "failed-start"
        shutil.rmtree(kept, ignore_errors=True)
        try:
            shutil.copytree(self.places.data / "logs", kept)
        except (OSError, shutil.Error):
            return
        self.say(f"the logs of this start: {kept}")

    def stop(self) -> bool:
        """End the world and discard its data. Returns whether there was anything."""
        identity = Identity.read(self.places)
        if identity and identity.alive:
            os.kill(identity.init.pid, signal.SIGKILL)
            wait_gone((identity.init, identity.outer))
        if relay := own_cluster.outer_relay(self.places):
            wait_gone((relay,))
        existed = self.places.data.exists() and any(self.places.data.iterdir())
        if self.places.data.exists():
            cluster.clean(self.places.data)
            remove(self.places.data)
        return existed


def wait_gone(processes: Sequence[Process], timeout: float = 20) -> None:
    """Wait until the kernel has ended the namespace's processes."""
    deadline = time.monotonic() + timeout
    while any(process.alive for process in processes):
        if time.monotonic() > deadline:
            raise WorldError(
                f"process {processes[0].pid} does not end: a process of the world hangs in the "
                "kernel; `rehearsal down` again, or restart the machine"
            )
        time.sleep(0.02)


def remove(folder: Path) -> None:
    """Remove a folder whose files may belong to the namespace's other users."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--map-auto", "rm", "-rf", "--", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    if folder.exists():
        raise WorldError(f"{folder} could not be removed: {done.stderr.strip()}")
