"""supervisord, which restarts our services when they die."""

import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy, Transport

from schemas.errors import TransientError, UserError
from stack.settings import ROOT, inherited_environment
from stack.supervision.identity import SUPERVISOR_SERVICE, identity
from stack.supervision.program import Program

LONGEST_SOCKET_PATH = 100
PROGRAM_OF_A_MODULE = re.compile(r"^\[program:(.+)\]\ncommand=.* -m ([\w.]+)", re.MULTILINE)
ALREADY_STARTED = 60  # supervisor.xmlrpc.Faults.ALREADY_STARTED

# autostart off: `up` starts the services in order. The retries never end, so that a registry that loses Kafka
# for ten minutes recovers automatically.
PROGRAM_RULES = """autostart=false
autorestart=true
startsecs=1
startretries=1000000
stopwaitsecs=20
killasgroup=true
redirect_stderr=true
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=3
"""


class SocketTransport(Transport):
    """XML-RPC over a socket; supervisor's own transport would load all of supervisor into each command."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> HTTPConnection:
        """Return the one connection to the socket; the host is only a name."""
        connection = self._connection[1] or SocketConnection(self._path)
        self._connection = (host, connection)
        return connection


class SocketConnection(HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """Open the socket; raises OSError where nothing listens."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


@dataclass(frozen=True)
class ProgramState:
    """The state of a service in supervisord; `started_at` in seconds since the epoch, 0 if it never ran."""

    state: str = "STOPPED"
    pid: int = 0
    started_at: int = 0


@dataclass(frozen=True)
class Supervisor:
    """The supervisord of one home."""

    home: Path

    @property
    def socket(self) -> Path:
        """The socket's path: in the home or, when that path is too long, in a private folder."""
        path = self.home / "run" / "supervisor.sock"
        if len(str(path)) <= LONGEST_SOCKET_PATH:
            return path
        name = f"taxi-{os.getuid()}-{sha256(str(self.home).encode()).hexdigest()[:12]}"
        return Path(tempfile.gettempdir()) / name / "supervisor.sock"

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self.home / "run" / "supervisord.conf"

    def is_alive(self) -> bool:
        """Return whether supervisord answers."""
        try:
            with self._calls() as calls:
                return bool(calls.getState()["statename"] == "RUNNING")
        except (OSError, Fault):
            return False

    def states(self) -> dict[str, str]:
        """Return each service's state in supervisord's terms (RUNNING, BACKOFF); empty without an answer."""
        try:
            with self._calls() as calls:
                rows: Any = calls.getAllProcessInfo()
        except (OSError, Fault):
            return {}
        return {row["name"]: row["statename"] for row in rows}

    def program_state(self, name: str) -> ProgramState:
        """Return the state of one service; a service unknown to supervisord never ran."""
        try:
            with self._calls() as calls:
                row: Any = calls.getProcessInfo(name)
        except Fault:
            return ProgramState()
        except OSError as error:
            raise TransientError(f"supervisord does not answer ({error})", "see ./taxi status") from error
        return ProgramState(row["statename"], row["pid"], row["start"])

    def start_service(self, name: str) -> None:
        """Start a service unless it runs already."""
        try:
            with self._calls() as calls:
                calls.startProcess(name, False)
        except Fault as fault:
            if fault.faultCode != ALREADY_STARTED:
                raise

    def stop_service(self, name: str) -> None:
        """Stop a service until it is started explicitly."""
        with self._calls() as calls:
            calls.stopProcess(name)

    def launch(self, programs: Mapping[str, Program]) -> None:
        """Write the configuration and start supervisord in the background; it starts no service yet."""
        for folder in (self.home / "run", self.home / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(programs)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self.configuration)]
        environment = {**inherited_environment(), **identity(self.home, SUPERVISOR_SERVICE)}
        done = subprocess.run(
            command,
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise UserError(f"supervisord does not start: {' '.join(reason)}", f"see {self.home / 'logs'}")

    def outdated_programs(self) -> set[str]:
        """Return the services that run from a module which this newer tree has moved."""
        found = PROGRAM_OF_A_MODULE.findall(self.configuration.read_text())
        return {name for name, module in found if not _is_here(module)}

    def change_to(self, programs: Mapping[str, Program], replaced: Collection[str] = ()) -> None:
        """Add and remove services to match `programs`; those that need no replacement keep running."""
        self._write(programs)
        with self._calls() as calls:
            [[added, _, removed]] = calls.reloadConfig()
            for name in (*removed, *replaced):
                calls.stopProcessGroup(name)
                calls.removeProcessGroup(name)
            for name in (*added, *replaced):
                calls.addProcessGroup(name)

    def _write(self, programs: Mapping[str, Program]) -> None:
        # Readable by the owner only: a service's environment may hold the user's credentials.
        self.configuration.touch(mode=0o600)
        self.configuration.chmod(0o600)
        self.configuration.write_text(self._text(programs))

    def _text(self, programs: Mapping[str, Program]) -> str:
        sections = [
            self._own_sections(),
            *(self._section(name, program) for name, program in programs.items()),
        ]
        return "\n".join(sections)

    def _own_sections(self) -> str:
        user = "user=root\n" if os.geteuid() == 0 else ""  # otherwise it warns at each start that it is root
        return (
            f"[supervisord]\n{user}logfile={_quoted(self.home / 'logs' / 'supervisord.log')}\n"
            f"logfile_maxbytes=10MB\nlogfile_backups=2\nminfds=4096\n"
            f"pidfile={_quoted(self.home / 'run' / 'supervisord.pid')}\n"
            f"[unix_http_server]\nfile={_quoted(self.socket)}\nchmod=0700\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
        )

    def _section(self, name: str, program: Program) -> str:
        environment = {**program.environment, **identity(self.home, name)}
        pairs = ",".join(f'{key}="{_quoted(value)}"' for key, value in environment.items())
        user = f"user={program.user}\n" if program.user else ""
        return (
            f"[program:{name}]\ncommand={_command_line(program.command)}\ndirectory={_quoted(program.directory)}\n"
            f"environment={pairs}\n{user}stopsignal={program.stop_signal}\n"
            f"stdout_logfile={_quoted(console_log(self.home, name))}\n{PROGRAM_RULES}"
        )

    @contextmanager
    def _calls(self) -> Iterator[Any]:
        """Open supervisord's procedures over a connection that is closed afterwards."""
        transport = SocketTransport(self.socket)
        with ServerProxy(f"http://{SUPERVISOR_SERVICE}", transport=transport) as proxy:
            yield proxy.supervisor


def _is_here(module: str) -> bool:
    path = ROOT.joinpath(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def log_files(home: Path, name: str) -> list[Path]:
    """Return the logs that a service may have written, the most informative first."""
    return [home / "logs" / f"{name}.log", console_log(home, name)]


def console_log(home: Path, name: str) -> Path:
    """Return the file to which supervisord writes the console output of a service."""
    # Flink writes its own log, under `.log`; its console output holds only the last words of a JVM.
    return home / "logs" / (f"{name}.out" if name.startswith("flink-") else f"{name}.log")


def _quoted(value: object) -> str:
    # supervisord expands %(name)s everywhere.
    return str(value).replace("%", "%%")


def _command_line(command: list[str]) -> str:
    return _quoted(shlex.join(command))
