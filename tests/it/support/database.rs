//! Database servers of a test's own, without root: PostgreSQL of the system or of a Python package, MariaDB of the
//! system. One server a kind serves all tests that run at the same time; each has databases of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::mlflow::{free_port, python};

/// How long a server may take to start: it is less than a second on an idle machine.
const STARTUP_TIMEOUT: Duration = Duration::from_mins(2);

/// A kind of database server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Postgres,
    MariaDb,
}

/// A server that runs until the process of the tests ends.
pub struct DatabaseServer {
    kind: Kind,
    port: u16,
    folder: PathBuf,
    databases: AtomicUsize,
}

/// The shared server; `None` where there is none to start.
pub fn shared(kind: Kind) -> Option<&'static DatabaseServer> {
    static SERVERS: [OnceLock<Option<DatabaseServer>>; 2] = [const { OnceLock::new() }; 2];
    let server = &SERVERS[usize::from(kind == Kind::MariaDb)];
    server.get_or_init(|| DatabaseServer::start(kind)).as_ref()
}

/// The shared server, or a note on the test's output that it was skipped.
pub fn shared_or_skip(kind: Kind) -> Option<&'static DatabaseServer> {
    let server = shared(kind);
    if server.is_none() {
        eprintln!("SKIPPED: no {kind:?} on this machine; install mariadb-server to run this test");
    }
    server
}

impl DatabaseServer {
    fn start(kind: Kind) -> Option<Self> {
        let program = match kind {
            Kind::Postgres => postgres_programs().join("postgres"),
            Kind::MariaDb => mariadb_program()?,
        };
        let folder = tempfile::tempdir().unwrap().keep();
        let port = free_port();
        if is_root() {
            // Database servers refuse to run as root.
            run(Command::new("chown").arg("nobody").arg(&folder));
        }
        let arguments = match kind {
            Kind::Postgres => prepare_postgres(&program, &folder, port),
            Kind::MariaDb => prepare_mariadb(&folder, port),
        };
        let mut child = spawn(kind, &program, &arguments, &folder);
        let server = Self {
            kind,
            port,
            folder,
            databases: AtomicUsize::new(0),
        };
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        while !server.answers() {
            let log = || std::fs::read_to_string(server.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "no {kind:?}:\n{}", log());
            let ended = child.try_wait().unwrap();
            assert!(ended.is_none(), "{kind:?} ended:\n{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        // It ends when this process, which holds its standard input, does.
        std::mem::forget(child);
        Some(server)
    }

    fn answers(&self) -> bool {
        self.client("SELECT 1")
            .output()
            .is_ok_and(|done| done.status.success())
    }

    /// A new database; with the content of another one, which nobody uses meanwhile.
    pub fn create_database(&self, template: Option<&str>) -> String {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        match (self.kind, template) {
            (Kind::Postgres, Some(template)) => {
                self.execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
            }
            (_, None) => self.execute(&format!("CREATE DATABASE {name}")),
            (Kind::MariaDb, Some(template)) => {
                self.execute(&format!("CREATE DATABASE {name}"));
                let dump = format!(
                    "mariadb-dump -S {0}/sock -uroot {template} | mariadb -S {0}/sock -uroot {name}",
                    self.folder.display()
                );
                run(Command::new("sh").args(["-c", &dump]));
            }
        }
        name
    }

    /// Makes PostgreSQL speak TLS with a certificate for this host name, and returns the file of its authority.
    pub fn use_tls(&self, host: &str) -> PathBuf {
        let (key, certificate) = (
            self.folder.join("server.key"),
            self.folder.join("server.crt"),
        );
        let made = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        // The server takes no key that others can read.
        run(Command::new("chmod").arg("600").arg(&key));
        if is_root() {
            run(Command::new("chown")
                .arg("nobody")
                .args([&key, &certificate]));
        }
        for (setting, value) in [
            ("ssl_key_file", key.to_str().unwrap()),
            ("ssl_cert_file", certificate.to_str().unwrap()),
            ("ssl", "on"),
        ] {
            self.execute(&format!("ALTER SYSTEM SET {setting} = '{value}'"));
        }
        self.execute("SELECT pg_reload_conf()");
        // A connection that is encrypted tells that it is done.
        let is_done = || {
            let mut psql = self.psql("sslmode=require dbname=postgres", "SELECT 1");
            psql.output().is_ok_and(|done| done.status.success())
        };
        let deadline = Instant::now() + STARTUP_TIMEOUT;
        while !is_done() {
            assert!(Instant::now() < deadline, "no TLS");
            std::thread::sleep(Duration::from_millis(50));
        }
        certificate
    }

    /// Executes SQL as the administrator, outside of the tests' databases.
    pub fn execute(&self, sql: &str) {
        run(&mut self.client(sql));
    }

    /// The client of PostgreSQL, to run a statement in a database.
    pub fn psql(&self, database: &str, sql: &str) -> Command {
        let mut psql = Command::new(postgres_programs().join("psql"));
        psql.args(["-qX", "-h", "127.0.0.1", "-U", "postgres", "-p"])
            .args([&self.port.to_string(), "-c", sql, database])
            .env("PGPASSWORD", PASSWORD);
        psql
    }

    fn client(&self, sql: &str) -> Command {
        match self.kind {
            Kind::Postgres => self.psql("postgres", sql),
            Kind::MariaDb => {
                let mut mariadb = Command::new("mariadb");
                mariadb
                    .arg("-S")
                    .arg(self.folder.join("sock"))
                    .args(["-uroot", "-e", sql]);
                mariadb
            }
        }
    }

    /// The URI of a database, as MLflow and this program take it.
    pub fn uri(&self, database: &str) -> String {
        let (scheme, user) = match self.kind {
            Kind::Postgres => ("postgresql+psycopg2", "postgres"),
            Kind::MariaDb => ("mysql+pymysql", "tester"),
        };
        format!(
            "{scheme}://{user}:{PASSWORD}@127.0.0.1:{}/{database}",
            self.port
        )
    }

    /// Where its files are; removed when the tests end.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

/// The password of every user.
pub const PASSWORD: &str = "hunter2-of-the-database";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A command that does not run as root, and becomes the program itself, so that it can be stopped.
fn unprivileged(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
        .arg(program);
    command
}

fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}\n{text}");
}

/// The folder of PostgreSQL's programs: those of the system, or of a Python package.
fn postgres_programs() -> PathBuf {
    let system = glob_newest("/usr/lib/postgresql", "bin");
    if let Some(bin) = system.filter(|bin| bin.join("initdb").exists()) {
        return bin;
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mlflow/postgres");
    let bin = target.join("pgserver/pginstall/bin");
    if !bin.join("initdb").exists() {
        install(&target, &["pgserver"]);
    }
    bin
}

fn glob_newest(root: &str, below: &str) -> Option<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir(root)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join(below)))
        .collect();
    versions.sort();
    versions.pop()
}

/// Python packages in a folder of their own.
fn install(folder: &Path, packages: &[&str]) {
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--target",
    ];
    run(Command::new(python(super::mlflow::V3))
        .args(pip)
        .arg(folder)
        .args(packages));
}

/// The folder of the drivers with which MLflow opens databases, for `PYTHONPATH`.
pub fn drivers() -> PathBuf {
    static INSTALLED: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    let installed = INSTALLED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mlflow/drivers");
        if !folder.join("pymysql").exists() || !folder.join("psycopg2").exists() {
            install(&folder, &["psycopg2-binary", "pymysql"]);
        }
        folder
    });
    installed.clone()
}

/// Starts a server below a shell, which stops it and removes its files when the tests end.
fn spawn(kind: Kind, program: &Path, arguments: &[String], folder: &Path) -> Child {
    // PostgreSQL's fast shutdown is SIGINT, MariaDB's SIGTERM.
    let signal = match kind {
        Kind::Postgres => "INT",
        Kind::MariaDb => "TERM",
    };
    let script = format!(
        "folder=$1; shift; \"$@\" </dev/null >\"$folder/log\" 2>&1 & \
         cat >/dev/null; kill -{signal} $!; wait $!; rm -rf \"$folder\""
    );
    let server = unprivileged(program);
    Command::new("sh")
        .args(["-c", &script, "sh"])
        .arg(folder)
        .arg(server.get_program())
        .args(server.get_args())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Makes a cluster, and returns the arguments of its server.
fn prepare_postgres(program: &Path, folder: &Path, port: u16) -> Vec<String> {
    let (data, password) = (folder.join("data"), folder.join("password"));
    std::fs::write(&password, PASSWORD).unwrap();
    run(unprivileged(&program.with_file_name("initdb"))
        .arg("-D")
        .arg(&data)
        .args(["-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"])
        .args(["-A", "scram-sha-256", "--no-sync"])
        .arg(format!("--pwfile={}", password.display())));
    let settings = [
        format!("port={port}"),
        format!("unix_socket_directories={}", folder.display()),
        "listen_addresses=127.0.0.1".to_owned(),
        "fsync=off".to_owned(),
        "max_connections=200".to_owned(),
    ];
    let settings = settings
        .into_iter()
        .flat_map(|setting| ["-c".to_owned(), setting]);
    ["-D".to_owned(), data.display().to_string()]
        .into_iter()
        .chain(settings)
        .collect()
}

fn mariadb_program() -> Option<PathBuf> {
    [
        "/usr/sbin/mariadbd",
        "/usr/libexec/mariadbd",
        "/usr/bin/mariadbd",
    ]
    .map(PathBuf::from)
    .into_iter()
    .find(|path| path.exists())
}

/// Makes the system tables, and returns the arguments of the server.
fn prepare_mariadb(folder: &Path, port: u16) -> Vec<String> {
    let (data, init) = (folder.join("data"), folder.join("init.sql"));
    let user = "tester@'127.0.0.1'";
    let sql =
        format!("CREATE USER {user} IDENTIFIED BY '{PASSWORD}';\nGRANT ALL ON *.* TO {user};\n");
    std::fs::write(&init, sql).unwrap();
    run(unprivileged(Path::new("mariadb-install-db"))
        .arg("--no-defaults")
        .arg(format!("--datadir={}", data.display()))
        .args(["--auth-root-authentication-method=normal", "--skip-test-db"]));
    vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", data.display()),
        format!("--socket={}/sock", folder.display()),
        format!("--pid-file={}/pid", folder.display()),
        format!("--init-file={}", init.display()),
        format!("--port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--skip-name-resolve".to_owned(),
        "--character-set-server=utf8mb4".to_owned(),
        "--innodb-flush-log-at-trx-commit=0".to_owned(),
    ]
}
