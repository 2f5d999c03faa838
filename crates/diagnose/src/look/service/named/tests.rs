//! Ports, logs and process ids of configurations that include others.

use std::path::Path;

use super::*;
use crate::look::tree::written;

fn read_main(program: &str, file: &str, root: &Path) -> Configuration {
    let software = Software::of_program(program).unwrap();
    let mains = Mains { files: vec![file.to_owned()], ..Mains::default() };
    read(software, &mains, &Tree::below(root))
}

#[test]
fn listen_directives_of_included_files_are_found() {
    let main =
        "pid /run/nginx.pid;\nerror_log /var/log/nginx/error.log;\nhttp {\n  include sites-enabled/*;\n}\n";
    let site = "# listen 1;\nserver {\n  listen 443 ssl default_server;\n  listen [::]:443 ssl; listen 443 quic;\n  listen\n    127.0.0.1:8080;\n  add_header X \"a; listen 9;\";\n  listen unix:/run/x;\n  listen 10.0.0.1;\n}\n";
    let root = written(&[("etc/nginx/nginx.conf", main), ("etc/nginx/sites-enabled/shop", site)]);
    let found = read_main("nginx", "/etc/nginx/nginx.conf", root.path());
    let told: Vec<_> =
        found.named.iter().map(|one| (one.port, one.transport, one.line, one.text.as_str())).collect();
    assert_eq!(
        told,
        [
            (443, Transport::Tcp, 3, "listen 443 ssl default_server;"),
            (443, Transport::Tcp, 4, "listen [::]:443 ssl;"),
            (443, Transport::Udp, 4, "listen 443 quic;"),
            (8080, Transport::Tcp, 5, "listen 127.0.0.1:8080;"),
            (80, Transport::Tcp, 9, "listen 10.0.0.1;"),
        ]
    );
    assert_eq!(found.named[0].file, "/etc/nginx/sites-enabled/shop");
    assert!(found.named[0].changed.is_some());
    assert_eq!(
        (found.logs, found.pid_files),
        (vec!["/var/log/nginx/error.log".into()], vec!["/run/nginx.pid".into()])
    );
}

#[test]
fn sections_of_modules_that_are_not_loaded_do_not_count() {
    let ports = "# Listen 1\nListen 80\n<IfModule ssl_module>\n\tListen 443\n</IfModule>\n<IfModule mod_gnutls.c>\n\tListen 8443\n</IfModule>\nListen [::1]:8080 https\n";
    let main =
        "ErrorLog ${APACHE_LOG_DIR}/error.log\nIncludeOptional mods-enabled/*.load\nInclude ports.conf\n";
    let root = written(&[
        ("etc/apache2/envvars", "export APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n"),
        ("etc/apache2/apache2.conf", main),
        ("etc/apache2/ports.conf", ports),
        ("etc/apache2/mods-enabled/README", ""),
    ]);
    let ports = |root: &Path| {
        let found = read_main("apache2", "/etc/apache2/apache2.conf", root);
        assert_eq!(found.logs, ["/var/log/apache2/error.log"]);
        found.named.iter().map(|named| (named.port, named.line)).collect::<Vec<_>>()
    };
    assert_eq!(ports(root.path()), [(80, 2), (8080, 9)]);
    std::fs::write(
        root.path().join("etc/apache2/mods-enabled/ssl.load"),
        "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n",
    )
    .unwrap();
    assert_eq!(ports(root.path()), [(80, 2), (443, 4), (8080, 9)]);
}

#[test]
fn lines_of_haproxy() {
    let text =
        "global\n  pidfile /run/haproxy.pid\nfrontend web\n  bind :80,:443 ssl # not :9\n  # bind :81\n";
    let root = written(&[("h", text)]);
    let found = read_main("haproxy", "/h", root.path());
    let told: Vec<_> = found.named.iter().map(|one| (one.port, one.line, one.text.as_str())).collect();
    assert_eq!(told, [(80, 4, "bind :80,:443 ssl"), (443, 4, "bind :80,:443 ssl")]);
    assert_eq!(found.pid_files, ["/run/haproxy.pid"]);
}

#[test]
fn sites_of_caddy_have_ports() {
    let text = "{\n  email a@example.org\n}\n\nexample.com, http://old.example.com {\n  reverse_proxy 127.0.0.1:9000\n  handle /x {\n    respond ok\n  }\n}\n:8443 {\n}\n(own.snippet:1) {\n}\n";
    let root = written(&[("Caddyfile", text), ("bare", "example.com:81\nreverse_proxy 127.0.0.1:9000\n")]);
    let told = |file: &str| {
        let found = read_main("caddy", file, root.path());
        found.named.iter().map(|one| (one.port, one.line)).collect::<Vec<_>>()
    };
    assert_eq!(told("/Caddyfile"), [(443, 5), (80, 5), (80, 5), (8443, 11)]);
    assert_eq!(told("/bare"), [(81, 1)]);
}

#[test]
fn settings_of_several_programs() {
    for (program, text, expected) in [
        ("sshd", "#Port 22\nPort 2222\nPortless 1\nListenAddress 10.0.0.1:22\n", vec![(2222, 2), (22, 4)]),
        ("postgres", "port = 5432\t\t\t\t# (change requires restart)\n", vec![(5432, 1)]),
        ("redis-server", "bind 127.0.0.1 ::1\nport 6379\ntls-port 0\n", vec![(6379, 2)]),
        ("squid", "http_port 3128\nhttp_port 10.0.0.1:8080 intercept\n", vec![(3128, 1), (8080, 2)]),
        ("mongod", "net:\n  port: 27017\n", vec![(27017, 2)]),
        ("memcached", "-m 64\n-p 11211\n", vec![(11211, 2)]),
        ("lighttpd", "server.port = 81\n$SERVER[\"socket\"] == \":443\" {\n", vec![(81, 1), (443, 2)]),
        ("named", "options {\n  listen-on port 5353 { any; };\n};\n", vec![(5353, 2)]),
        ("php-fpm", "[www]\nlisten = 127.0.0.1:9000\nlisten.owner = x\n", vec![(9000, 2)]),
    ] {
        let root = written(&[("c", text)]);
        let found = read_main(program, "/c", root.path());
        let told: Vec<_> = found.named.iter().map(|one| (one.port, one.line)).collect();
        assert_eq!(told, expected, "{program}");
    }
}
