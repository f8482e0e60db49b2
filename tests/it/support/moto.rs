//! A real server of S3's API: moto, in a virtual environment under `target/moto/`, made once and reused.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::mlflow::free_port;

const VERSION: &str = "5.2.5";

/// The Python of the environment, which is made when it is not there. A lock file keeps two tests from making it at once.
fn python() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/moto");
    std::fs::create_dir_all(&root).unwrap();
    let lock = File::create(root.join("venv.lock")).unwrap();
    lock.lock().unwrap();
    let python = root.join("venv/bin/python");
    if !root.join("venv/bin/moto_server").exists() {
        let venv = Command::new("python3")
            .args(["-m", "venv"])
            .arg(root.join("venv"))
            .status();
        assert!(venv.unwrap().success());
        let pip = Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            // Of `moto[server]`, what S3 needs.
            .arg(format!("moto[s3]=={VERSION}"))
            .args(["flask", "flask-cors"])
            .status();
        assert!(pip.unwrap().success());
    }
    python
}

/// A running server; stopped when dropped.
pub struct S3Server {
    child: Child,
    /// Its address: `http://127.0.0.1:PORT`.
    pub url: String,
}

impl S3Server {
    /// Starts a server without buckets.
    pub fn start() -> Self {
        let port = free_port();
        let child = Command::new(python())
            .args([
                "-m",
                "moto.server",
                "-H",
                "127.0.0.1",
                "-p",
                &port.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_mins(1);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "moto did not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Creates a bucket with these objects, by Amazon's own client.
    pub fn upload(&self, bucket: &str, objects: &[(&str, &str)]) {
        const UPLOAD: &str = "
import json, sys, boto3
url, bucket, objects = sys.argv[1], sys.argv[2], json.load(sys.stdin)
keys = dict(aws_access_key_id='id', aws_secret_access_key='word', region_name='us-east-1')
s3 = boto3.client('s3', endpoint_url=url, **keys)
s3.create_bucket(Bucket=bucket)
for key, text in objects:
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
";
        let objects = serde_json::to_string(objects).unwrap();
        let mut client = Command::new(python())
            .args(["-c", UPLOAD, &self.url, bucket])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = client.stdin.take().unwrap();
        input.write_all(objects.as_bytes()).unwrap();
        drop(input);
        assert!(client.wait().unwrap().success());
    }
}

impl Drop for S3Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
