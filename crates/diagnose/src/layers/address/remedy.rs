//! Who listens, and where that is changed.

use portreeve_model::{Listener, Protocol};

use crate::case::Case;

/// `nginx (pid 812)`, or what else is known of the holder.
pub(super) fn who(listener: &Listener) -> String {
    let owner = &listener.owner;
    if let Some(holder) = owner.holders.first() {
        return format!("{} (pid {})", holder.name, holder.pid);
    }
    match (&owner.activates, &owner.unit) {
        (Some(activation), _) => activation.socket_unit.to_string(),
        (None, Some(unit)) => unit.name.to_string(),
        (None, None) => "a process that was not seen".to_owned(),
    }
}

/// `127.0.0.1:443, [::1]:443`.
pub(super) fn places(listener: &Listener) -> String {
    let shown: Vec<String> = listener
        .addresses
        .iter()
        .map(|bound| {
            let at = std::net::SocketAddr::new(bound.address, listener.port);
            match bound.interface.as_ref().and_then(|interface| interface.name.as_deref()) {
                Some(name) => format!("{at} on {name} only"),
                None => at.to_string(),
            }
        })
        .collect();
    shown.join(", ")
}

/// `ss -tlnp 'sport = :443'`.
pub(super) fn ss(case: &Case) -> String {
    let options = if case.question.target.protocol == Protocol::Udp { "-ulnp" } else { "-tlnp" };
    format!("ss {options} 'sport = :{}'", case.question.target.port)
}

/// Every address of the version of IP, as configurations write it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Every address of both versions.
    All,
    /// Every IPv4 address as well.
    Ipv4,
    /// Every IPv6 address as well.
    Ipv6,
}

/// How a service comes to listen on all addresses: the line of its configuration and how it takes effect.
pub(super) fn listen_on(listener: &Listener, wanted: Wanted) -> String {
    let port = listener.port;
    let name = listener.owner.holders.first().map(|holder| holder.name.to_string()).unwrap_or_default();
    let v6 = wanted == Wanted::Ipv6;
    let text = match name.as_str() {
        "nginx" | "openresty" | "angie" => {
            let line = match wanted {
                Wanted::All => format!("`listen {port} ...;` and `listen [::]:{port} ...;`"),
                Wanted::Ipv4 => format!("`listen {port} ...;`"),
                Wanted::Ipv6 => format!("`listen [::]:{port} ...;`"),
            };
            format!("write {line} in the server block (nginx -T | grep listen), then restart it: systemctl restart nginx")
        }
        "apache2" | "httpd" => format!("write `Listen {port}` (apachectl -S; grep -rn Listen /etc/apache2 /etc/httpd), then restart it"),
        "haproxy" => format!(
            "write `bind {}` in the frontend (grep -n bind /etc/haproxy/haproxy.cfg), then: systemctl reload haproxy",
            if v6 { format!("[::]:{port}") } else { format!("*:{port}") }
        ),
        "caddy" => "take the `bind` directive out of the Caddyfile, then: systemctl reload caddy".to_owned(),
        "lighttpd" => "take `server.bind` out of /etc/lighttpd/lighttpd.conf, then restart it".to_owned(),
        "sshd" => format!(
            "write `ListenAddress {}` in /etc/ssh/sshd_config (sshd -T | grep listenaddress), then: systemctl restart ssh",
            if v6 { "::" } else { "0.0.0.0" }
        ),
        "postgres" => {
            "set listen_addresses = '*' in postgresql.conf (SHOW config_file), allow the clients in pg_hba.conf, then restart it"
                .to_owned()
        }
        "mysqld" | "mariadbd" => {
            "set bind-address = * in the [mysqld] section (/etc/mysql, /etc/my.cnf.d), then restart it".to_owned()
        }
        "redis-server" | "valkey-server" => {
            "set `bind * -::*` in redis.conf, with a password (requirepass), then restart it".to_owned()
        }
        "mongod" => "set net.bindIp in /etc/mongod.conf, then restart it".to_owned(),
        "memcached" => "change `-l` in /etc/memcached.conf, then restart it".to_owned(),
        "dnsmasq" => "change listen-address= or interface= in /etc/dnsmasq.conf, then restart it".to_owned(),
        "unbound" => "add `interface: 0.0.0.0` and an access-control line to unbound.conf, then restart it".to_owned(),
        "named" => "change listen-on and listen-on-v6 in named.conf.options, then: rndc reconfig".to_owned(),
        "docker-proxy" => format!(
            "publish the port on every address: -p {port}:... instead of -p 127.0.0.1:{port}:..., and create the container anew"
        ),
        "systemd" | "systemd-socket-" => {
            let unit = listener.owner.activates.as_ref().map_or("the socket unit", |one| &one.socket_unit);
            format!("write ListenStream={port} (systemctl edit {unit}), then restart {unit}")
        }
        "python3" | "python" | "node" | "java" | "gunicorn" | "uvicorn" | "uwsgi" | "ruby" | "php" => format!(
            "start the application with the host {} instead of a loopback address or localhost",
            if v6 { "::" } else { "0.0.0.0" }
        ),
        _ => format!(
            "let it listen on {} in its configuration or on its command line, and restart it",
            match wanted {
                Wanted::All => "0.0.0.0 and ::",
                Wanted::Ipv4 => "0.0.0.0",
                Wanted::Ipv6 => "::",
            }
        ),
    };
    match &listener.owner.unit {
        Some(unit) => format!("{text} (unit {})", unit.name),
        None => text,
    }
}
