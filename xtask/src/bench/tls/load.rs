//! The servers: one nginx that answers on every loopback address, and counts.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use portreeve_lab::{Command, Host, Lab, Process, Transport};

/// How long it may take until it stands.
const PATIENCE: Duration = Duration::from_secs(60);

/// A namespace with nginx in it.
pub(super) struct Load {
    host: Host,
    scratch: PathBuf,
    /// How often nginx was asked for its count, by a connection each.
    asked: Cell<u64>,
    _nginx: Process,
}

impl Load {
    /// RSA, every suite that OpenSSL gives nginx by the word `ALL`: 27 of TLS 1.2, 3 of TLS 1.3.
    pub(super) fn start(lab: &Lab) -> Result<Self> {
        let host = lab.host("server").start()?;
        let scratch = lab.scratch().to_path_buf();
        let make = format!("certificates {}/pki --name www.example.test", scratch.display());
        host.run(Command::actor(&make)?.timeout(PATIENCE))?.success()?;
        let configuration = scratch.join("nginx.conf");
        fs::write(&configuration, nginx(&scratch))?;
        let nginx = host.spawn(Command::new("nginx").arg("-c").arg(&configuration).args(["-e", "stderr"]))?;
        host.wait_listening(Transport::Tcp, 443, PATIENCE)?;
        Ok(Self { host, scratch, asked: Cell::new(0), _nginx: nginx })
    }

    /// The namespace.
    pub(super) fn netns(&self) -> PathBuf {
        self.host.netns_path()
    }

    /// A file with so many addresses of it; its path.
    pub(super) fn list(&self, hosts: u32) -> Result<String> {
        let file = self.scratch.join(format!("{hosts}.txt"));
        let mut text = String::new();
        for host in 0..hosts {
            writeln!(text, "127.0.{}.{}:443", 1 + host / 250, 1 + host % 250)?;
        }
        fs::write(&file, text)?;
        Ok(file.to_string_lossy().into_owned())
    }

    /// Connections so far, without those of this question.
    pub(super) fn connections(&self) -> Result<u64> {
        self.asked.set(self.asked.get() + 1);
        let output = self.host.run(["curl", "-sS", "http://127.0.0.1:80/"])?.success()?;
        let accepted = accepted(&output.stdout);
        let accepted = accepted.with_context(|| format!("nginx tells no count: {}", output.stdout))?;
        Ok(accepted - self.asked.get())
    }
}

fn nginx(scratch: &Path) -> String {
    let scratch = scratch.display();
    format!(
        "daemon off;\nworker_processes 2;\npid {scratch}/nginx.pid;\n\
         events {{ worker_connections 8192; }}\n\
         http {{\n\
             access_log off;\n\
             server {{\n\
                 listen 443 ssl backlog=4096;\n\
                 ssl_certificate {scratch}/pki/rsa.pem;\n\
                 ssl_certificate_key {scratch}/pki/rsa.key;\n\
                 ssl_protocols TLSv1.2 TLSv1.3;\n\
                 ssl_ciphers ALL;\n\
                 ssl_prefer_server_ciphers on;\n\
                 return 200 welcome;\n\
             }}\n\
             server {{ listen 127.0.0.1:80; location / {{ stub_status; }} }}\n\
         }}\n"
    )
}

/// The first number of the line of three (`ngx_http_stub_status_module`).
fn accepted(status: &str) -> Option<u64> {
    let mut lines = status.lines().skip_while(|line| !line.starts_with("server accepts"));
    lines.nth(1)?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_nginx() {
        let status = "Active connections: 1 \nserver accepts handled requests\n 52 52 9 \nReading: 0 Writing: 1 Waiting: 0 \n";
        assert_eq!(accepted(status), Some(52));
        assert_eq!(accepted(""), None);
    }
}
