#!/usr/bin/env python3
"""Builds fuzz/seeds/ from the repository's own data, and from captures, samples and a store where they are given.

    python3 fuzz/seeds.py [--captures FOLDER]... [--samples FOLDER] [--store mlflow.db]

Seeds are named by their content, so that building them again changes nothing.
"""

import argparse
import glob
import hashlib
import json
import os
import re
import sqlite3
import struct
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Larger inputs make the fuzzer slow and find nothing more.
MAX_BYTES = 4_000
MAX_SEEDS = 60
STORE_TABLES = """alembic_version experiments experiment_tags runs params metrics latest_metrics tags inputs
    input_tags datasets registered_models registered_model_tags registered_model_aliases model_versions
    model_version_tags logged_models logged_model_tags logged_model_params logged_model_metrics""".split()

FILTERS = [
    "loss<0.1 and not (status:failed or tag.team='vision')",
    "metrics.`val/acc` >= .9 AND params.lr in (1e-3, '1e-2')",
    "age<3d duration>1h30m name~/^a.*b$/ is:best",
    '-user:ana started>2026-01-01 "a b" or x!=nan',
]
CONFIGS = [
    'theme = "light"\nrefresh_seconds = 5\n[profile.a]\ntarget = "http://localhost:5000"\nread_only = true\n',
    '[[bind]]\non = ["alt-x", "ctrl-q"]\nrun = "quit"\nwhere = ["global"]\nhint = "quit"\nrank = 3\n',
    'filter = "loss<1"\nsort = ["metrics.loss"]\ncolumns = ["name"]\ngroup = "params.lr"\n[widths]\nname = 12\n',
]


def add(target, data, max_bytes=MAX_BYTES):
    if isinstance(data, str):
        data = data.encode()
    folder = os.path.join(ROOT, "fuzz", "seeds", target)
    os.makedirs(folder, exist_ok=True)
    if 0 < len(data) <= max_bytes and len(os.listdir(folder)) < MAX_SEEDS:
        name = hashlib.sha256(data).hexdigest()[:16]
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def repository():
    for path in sorted(glob.glob(f"{ROOT}/themes/*.toml")):
        add("config_toml", read(path))
    settings = read(f"{ROOT}/docs/settings.md") + read(f"{ROOT}/docs/runs.md") + read(f"{ROOT}/docs/keys.md")
    for block in re.findall(rb"```toml\n(.*?)```", settings, re.S):
        add("config_toml", block)
    for block in re.findall(rb"```toml\n(.*?)```", read(f"{ROOT}/docs/policies.md"), re.S):
        add("policy", block)
    for path in sorted(glob.glob(f"{ROOT}/examples/ci/*.toml")):
        add("policy", read(path))
    for path in sorted(glob.glob(f"{ROOT}/integrations/*.toml")):
        add("integration", read(path) + b"\0{}")
    for line in re.findall(r"`([^`\n]+)`", read(f"{ROOT}/docs/filters.md").decode()):
        add("run_filter", line)
    tests = "".join(read(path).decode() for path in sorted(glob.glob(f"{ROOT}/tests/it/filter_conformance/*.rs")))
    for line in re.findall(r'"([a-z][^"\n]*[=<>~:][^"\n]*)"', tests):
        add("run_filter", line.replace('\\\\', '\\'))
    for path in ["src/promotion/policy/tests.rs", "tests/it/policy.rs", "tests/it/behaviour/policy.rs"]:
        for block in re.findall(rb'r#"(.*?)"#', read(f"{ROOT}/{path}"), re.S):
            add("policy", block)
    for text in CONFIGS:
        add("config_toml", text)
    for text in FILTERS:
        add("run_filter", text)
    keys()


def keys():
    walks = [
        "j\r", "jj\r\r", "4\rj\r", "4\r\rP@x\r", "/loss<1\r", ":the\r", "?jjj\x1b", "2\r  c", " j ch", "gG\x04\x15",
        "\x1b[A\x1b[B\x1b[5~\x1b[6~", "\x1b[<0;13;5M\x1b[<0;20;5m", "\x1b[200~pasted\x1b[201~", "\x1b[<64;3;3M", "f\x15churn\r",
        "4\r\rL", "4\rH", "4\r\rD", "v\r", "\x1b[12", "\x1b]11;rgb:ff/ff/ff\x07q", "\r\ri", "\r\r\rll", "\r Sj\r", "\r\x12",
    ]
    for nth, walk in enumerate(walks):
        add("key_input", bytes([nth % 8 + 248]) + walk.encode())


def captures(folder):
    for path in sorted(glob.glob(f"{folder}/*.json")):
        capture = json.loads(read(path))
        body = json.dumps(capture.get("response"), separators=(",", ":"))
        status = capture.get("status", 200)
        add("rest_response", body if status == 200 else struct.pack(">H", status).decode("latin1") + body)
    for path in sorted(glob.glob(f"{folder}/*.jsonl")):
        for line in read(path).splitlines():
            capture = json.loads(line)
            body = capture.get("response_body") or ""
            if capture["path"].startswith("/api") and body.startswith("{") and len(body) > 10:
                add("rest_response", body)


def samples(folder):
    for path in sorted(glob.glob(f"{folder}/**/*", recursive=True)):
        if path.endswith((".json", ".yaml", ".lock", ".dvc")):
            add("integration", read(path))


def wandb_logs():
    for path in sorted(glob.glob(f"{ROOT}/tests/it/wandb_store/samples/**/*.wandb", recursive=True)):
        log, at, records = read(path), 7, b""
        add("wandb_log", b"\0" + log, 20_000)
        while at + 7 <= len(log):
            _, length, kind = struct.unpack("<IHB", log[at : at + 7])
            if kind != 1 or not length:
                break
            records += struct.pack("<H", length) + log[at + 7 : at + 7 + length]
            at += 7 + length
        add("wandb_log", b"\1" + records, 20_000)


def store(path):
    """A store of a few rows in small pages."""
    source = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with tempfile.TemporaryDirectory() as folder:
        small = sqlite3.connect(f"{folder}/small.db")
        small.execute("PRAGMA page_size = 512")
        for table in STORE_TABLES:
            found = source.execute("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", [table]).fetchone()
            if not found:
                continue
            small.execute(found[0])
            rows = source.execute(f"SELECT * FROM {table} LIMIT 3").fetchall()
            for row in rows:
                short = [value[:200] if isinstance(value, str) else value for value in row]
                small.execute(f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * len(short))})", short)
        small.commit()
        small.execute("VACUUM")
        small.close()
        add("sqlite_file", read(f"{folder}/small.db"), 100_000)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--captures", action="append", default=[])
    arguments.add_argument("--samples")
    arguments.add_argument("--store")
    given = arguments.parse_args()
    repository()
    wandb_logs()
    for folder in given.captures:
        captures(folder)
    if given.samples:
        samples(given.samples)
    if given.store:
        store(given.store)


main()
