//! Starting what is measured.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, Result, WrapErr, bail, ensure, miette};

/// A server of ours on the loopback interface, killed when dropped.
pub struct Server {
    child: Child,
    imker: PathBuf,
    config: PathBuf,
    /// Where it speaks HTTP over TLS.
    pub https: SocketAddr,
    /// Where it speaks HTTP.
    pub http: SocketAddr,
}

impl Server {
    /// The honeypot with limits that let the crowd in; `more` is added to its configuration.
    pub fn honeypot(imker: &Path, folder: &Path, more: &str) -> Result<Self> {
        let (https, http) = (free_port()?, free_port()?);
        let config = folder.join("honeypot.toml");
        let text = CONFIG
            .replace("{data}", &folder.join("data").display().to_string())
            .replace("{https}", &https.to_string())
            .replace("{http}", &http.to_string());
        fs::write(&config, text + more).into_diagnostic()?;
        let mut command = Command::new(imker);
        command.args(["honeypot", "--config"]).arg(&config);
        Self::start(command, imker, config, https, http)
    }

    /// nginx, which serves `page` at `path`.
    pub fn nginx(folder: &Path, page: &[u8], path: &str) -> Result<Self> {
        let (root, port) = (folder.join("www"), free_port()?);
        let file = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(&root)).into_diagnostic()?;
        fs::write(&file, page).into_diagnostic()?;
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=EX01",
            ])
            .args(["-keyout", "key.pem", "-out", "certificate.pem"])
            .current_dir(folder)
            .stderr(Stdio::null())
            .status()
            .into_diagnostic()
            .wrap_err("openssl does not run")?;
        ensure!(made.success(), "openssl made no certificate");
        let config = folder.join("nginx.conf");
        let text = NGINX
            .replace("{folder}", &folder.display().to_string())
            .replace("{root}", &root.display().to_string())
            .replace("{port}", &port.to_string());
        fs::write(&config, text).into_diagnostic()?;
        let mut command = Command::new("nginx");
        command
            .arg("-c")
            .arg(&config)
            .arg("-e")
            .arg(folder.join("nginx.log"));
        // Started by root, its workers would be nobody, who may not read the page.
        if fs::metadata("/proc/self").into_diagnostic()?.uid() == 0 {
            command.args(["-g", "user root;"]);
        }
        Self::start(command, Path::new("nginx"), config, port, port)
    }

    fn start(mut command: Command, imker: &Path, config: PathBuf, https: u16, http: u16) -> Result<Self> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .into_diagnostic()
            .wrap_err_with(|| format!("{command:?} does not run"))?;
        let mut server = Self {
            child,
            imker: imker.to_owned(),
            config,
            https: loopback(https),
            http: loopback(http),
        };
        let patience = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(server.http).is_err() {
            if let Some(status) = server.child.try_wait().into_diagnostic()? {
                bail!("{command:?} ended with {status}");
            }
            ensure!(Instant::now() < patience, "{command:?} does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        Ok(server)
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> Result<u64> {
        self.status("VmRSS:")
    }

    /// The most of it so far.
    pub fn peak(&self) -> Result<u64> {
        self.status("VmHWM:")
    }

    fn status(&self, label: &str) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id())).into_diagnostic()?;
        let line = text.lines().find(|line| line.starts_with(label));
        let kibibytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        kibibytes
            .map(|kibibytes| kibibytes << 10)
            .ok_or_else(|| miette!("no {label} of process {}", self.child.id()))
    }

    /// Web requests in the honeypot's record, as JSON lines.
    pub fn recorded(&self) -> Result<Vec<u8>> {
        let output = Command::new(&self.imker)
            .args([
                "honeypot",
                "events",
                "--kind",
                "web-request",
                "--format",
                "jsonl",
                "--config",
            ])
            .arg(&self.config)
            .output()
            .into_diagnostic()?;
        ensure!(output.status.success(), "events cannot be read back");
        Ok(output.stdout)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A killed nginx leaves its workers behind.
        let stopped = self.imker == Path::new("nginx")
            && Command::new("nginx")
                .arg("-c")
                .arg(&self.config)
                .args(["-e", "/dev/null", "-s", "stop"])
                .status()
                .is_ok_and(|status| status.success());
        if !stopped {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(loopback(0)).into_diagnostic()?;
    Ok(listener.local_addr().into_diagnostic()?.port())
}

/// One worker a core, as the honeypot has one thread a core; no log, which is nginx's fastest.
const NGINX: &str = "\
daemon off;
pid {folder}/nginx.pid;
worker_processes auto;
events { worker_connections 12000; }
http {
  access_log off;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type text/html;
  server {
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    root {root};
  }
}
";

const CONFIG: &str = include_str!("server/honeypot.toml");
