//! How queues and processes are told.

use std::time::Duration;

use portreeve_model::{Container, Protocol};

use crate::case::Case;
use crate::facts::service::Holder;
use crate::facts::{DatagramQueue, ListenQueue};

/// `nginx (pid 812)`, `nginx (pid 812 and 3 more)`.
pub(super) fn names(holders: &[&Holder]) -> String {
    match holders {
        [] => "the process".to_owned(),
        [one] => one.label(),
        [first, rest @ ..] => format!("{} (pid {} and {} more)", first.process.name, first.pid(), rest.len()),
    }
}

/// `812 813`.
pub(super) fn pids(holders: &[&Holder]) -> String {
    holders.iter().map(|holder| holder.pid().to_string()).collect::<Vec<_>>().join(" ")
}

/// `6 connections of 5`.
pub(super) fn held(queue: &ListenQueue) -> String {
    format!("{} of {}", count(queue.length as usize, "connection"), queue.limit)
}

/// `Recv-Q 6, Send-Q 5 on 0.0.0.0:443`.
pub(super) fn raw(queue: &ListenQueue) -> String {
    format!("Recv-Q {}, Send-Q {} on {}", queue.length, queue.limit, queue.bound)
}

/// The same of UDP.
pub(super) fn raw_datagrams(queue: &DatagramQueue) -> String {
    format!(
        "{} of {} bytes of receive buffer in use, {} datagrams dropped so far, on {}",
        queue.length, queue.limit, queue.drops, queue.bound
    )
}

/// The command that shows the queues of the port.
pub(super) fn show(case: &Case) -> String {
    let port = case.question.target.port;
    match case.question.target.protocol {
        Protocol::Udp => format!("ss -lunm 'sport = :{port}'"),
        _ => format!("ss -ltnm 'sport = :{port}'"),
    }
}

/// `1 connection`, `5 connections`.
pub(super) fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// `4.2 s`.
pub(super) fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// How the program is told a longer queue.
pub(super) fn longer_backlog(holders: &[&Holder], port: u16) -> String {
    let name = holders.first().map_or("", |holder| &*holder.process.name);
    match name {
        "nginx" => format!("nginx: `listen {port} backlog=4096;`, then restart it"),
        "haproxy" => "haproxy: `backlog 4096` in the frontend, then reload it".to_owned(),
        "apache2" | "httpd" => "Apache: `ListenBacklog 4096`, then restart it".to_owned(),
        "redis-server" => "Redis: `tcp-backlog 4096`, then restart it".to_owned(),
        "gunicorn" => "gunicorn: `--backlog 4096`, then restart it".to_owned(),
        "uwsgi" => "uWSGI: `listen = 4096`, then restart it".to_owned(),
        "lighttpd" => "lighttpd: `server.listen-backlog = 4096`, then restart it".to_owned(),
        "" => "have the server listen with a longer backlog (4096), then restart it".to_owned(),
        other => format!("have {other} listen with a longer backlog (4096), then restart it"),
    }
}

/// The command that restarts the service of a process; none where it has no unit.
pub(super) fn restart(holders: &[&Holder]) -> Option<String> {
    let holder = holders.first()?;
    if let Some(container) = &holder.container {
        return Some(format!("docker restart {}", of_container(container)));
    }
    let unit = holder.process.unit.as_ref()?;
    Some(match unit.user_instance {
        Some(uid) => format!("systemctl --user -M {uid}@ restart {}", unit.name),
        None => format!("systemctl restart {}", unit.name),
    })
}

/// By which a runtime's commands know a container.
pub(super) fn of_container(container: &Container) -> &str {
    container.name.as_deref().unwrap_or(&container.id)
}
