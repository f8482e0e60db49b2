"""Runs `mlflow server` in a process that has imported MLflow already, which the command does twice: for itself and for the
program that answers.

Arguments: the file for what it prints, and those of `mlflow server`. It ends with its standard input.
"""

import os
import runpy
import signal
import sys
import threading

import mlflow.server
import mlflow.server.handlers
from mlflow.cli import cli

_, log, *arguments = sys.argv
os.setsid()
log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
for descriptor in (1, 2):
    os.dup2(log, descriptor)


def end_with_input():
    os.read(0, 1)
    # Its workers too.
    os.killpg(0, signal.SIGTERM)


def in_child(initialize):
    """The command's own connections to the store are none of the answering program's."""

    def run(*given, **named):
        child = os.fork()
        if child == 0:
            initialize(*given, **named)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            raise RuntimeError("the store was not initialized")

    return run


def run_here(command, extra_env=None, **_):
    """Becomes what the command would start: `python -m uvicorn …` or `python -m gunicorn …`."""
    os.environ.update(extra_env or {})
    _, _, module, *rest = command
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


threading.Thread(target=end_with_input, daemon=True).start()
mlflow.server.handlers.initialize_backend_stores = in_child(
    mlflow.server.handlers.initialize_backend_stores
)
mlflow.server._exec_cmd = run_here
cli(["server", *arguments])
