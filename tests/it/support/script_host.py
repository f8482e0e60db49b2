"""Runs Python scripts in children of a process that has imported MLflow already, which takes seconds each time.

It listens on the socket that it is given, and ends with its standard input. A request is a line of JSON; a script that talks gets the
connection as its standard input and output, any other is answered with what it printed and how it ended.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
import types
import warnings

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(64)

import mlflow
import mlflow.store.tracking.sqlalchemy_store
import mlflow.tracking


def import_sklearn():
    """What logging a model of scikit-learn imports; most scripts don't."""
    import mlflow.sklearn
    import pandas
    import sklearn.linear_model

    try:
        import skops.io
    except ImportError:
        pass


def import_server():
    """What a server imports; few scripts are one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # First: an application that is imported before it is not guarded as a server's is.
            import uvicorn
            import mlflow.server.fastapi_app
        except ImportError:
            import gunicorn.app.wsgiapp
        import mlflow.cli
        import mlflow.server.handlers

    # It is made from the environment, which differs.
    sys.modules.pop("mlflow.server.fastapi_app", None)


def next_connection():
    """The next connection, or nothing when the tests have ended."""
    readable, _, _ = select.select([listener, sys.stdin], [], [])
    return None if sys.stdin in readable else listener.accept()[0]


def read_line(connection):
    """One line, and nothing of what follows it."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            break
        line += byte
    return bytes(line)


def run(request, output, errors, given=None):
    """Becomes the script, as far as the script can tell."""
    if given is None:
        given = os.open(os.devnull, os.O_RDONLY)
    for descriptor, place in ((given, 0), (output, 1), (errors, 2)):
        os.dup2(descriptor, place)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["folder"])
    sys.argv = ["-c", *request["arguments"]]
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    # The end of this process is the end of the script: what MLflow does at exit is done.
    exec(compile(request["code"], "<script>", "exec"), main.__dict__)


def answer(connection, request):
    """Runs the script in a child of this child, and tells its end."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        script = os.fork()
        if script == 0:
            connection.close()
            run(request, output.fileno(), errors.fileno())
            return
        _, status = os.waitpid(script, 0)
        told = {"status": os.waitstatus_to_exitcode(status)}
        for name, file in (("stdout", output), ("stderr", errors)):
            file.seek(0)
            told[name] = file.read().decode(errors="replace")
        connection.sendall(json.dumps(told).encode() + b"\n")
        os._exit(0)


def main():
    while connection := next_connection():
        line = read_line(connection)
        if not line:
            continue
        request = json.loads(line)
        if "sklearn" in request["code"] and "mlflow.sklearn" not in sys.modules:
            import_sklearn()
        if "mlflow.server" in request["code"] and "mlflow.server" not in sys.modules:
            import_server()
        # What is here already is nothing that a child has to look through, which takes it most of a second at its end.
        gc.freeze()
        # Children are not waited for here, theirs are.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            if request["talks"]:
                silence = os.open(os.devnull, os.O_WRONLY)
                run(request, connection.fileno(), silence, connection.fileno())
            else:
                answer(connection, request)
            return
        connection.close()
    os.unlink(sys.argv[1])
    os.rmdir(os.path.dirname(sys.argv[1]))


main()
