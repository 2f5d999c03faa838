//! Upstreams of whole configurations: where they are, and which part answers.

use super::{Asked, read};
use crate::facts::service::Software;
use crate::look::configuration::Mains;
use crate::look::tree::{Tree, written};

fn asked(endpoint: &str, host: &str, path: &str) -> Asked {
    Asked { endpoint: endpoint.parse().unwrap(), host: host.into(), path: path.into() }
}

/// `*ADDRESS FILE:LINE` of each upstream of the program's usual file, the star where it is of the part that
/// answers.
fn found_in_files(program: &str, files: &[(&str, &str)], asked: &Asked) -> Vec<String> {
    let software = Software::of_program(program).unwrap();
    let root = written(files);
    let found = read::of_files(software.language, &Mains::usual(software), &Tree::below(root.path()), asked);
    let told = found
        .upstreams
        .iter()
        .map(|one| format!("{}{} {}:{}", if one.asked { "*" } else { "" }, one.address, one.file, one.line));
    told.collect()
}

/// The same of nginx.
fn found(files: &[(&str, &str)], asked: &Asked) -> Vec<String> {
    found_in_files("nginx", files, asked)
}

/// The same without the file.
fn lines(program: &str, files: &[(&str, &str)], asked: &Asked) -> Vec<String> {
    let file = |told: &str| {
        let (address, place) = told.rsplit_once(' ').unwrap();
        format!("{address} {}", place.rsplit_once(':').unwrap().1)
    };
    found_in_files(program, files, asked).iter().map(|told| file(told)).collect()
}

const MAIN: &str = "events {}\nhttp {\n  upstream app { server 127.0.0.1:8001; server 127.0.0.1:8002 down; server unix:/run/app.sock; }\n  include sites/*.conf;\n}\n";

#[test]
fn the_server_and_the_location_that_answer() {
    let site = "server {\n listen 443 ssl default_server;\n server_name _;\n location / { proxy_pass http://127.0.0.1:9000; }\n}\n\
        server {\n listen 443 ssl;\n server_name example.com *.example.com;\n location / { proxy_pass http://app; } # all\n location /api/ { proxy_pass http://127.0.0.1:8100/; }\n}\n";
    let files = [("etc/nginx/nginx.conf", MAIN), ("etc/nginx/sites/a.conf", site)];
    assert_eq!(
        found(&files, &asked("192.0.2.1:443", "www.example.com", "/")),
        [
            "127.0.0.1:9000 /etc/nginx/sites/a.conf:4",
            "*127.0.0.1:8001 /etc/nginx/nginx.conf:3",
            "*unix:/run/app.sock /etc/nginx/nginx.conf:3",
            "127.0.0.1:8100 /etc/nginx/sites/a.conf:10",
        ]
    );
    let api = found(&files, &asked("192.0.2.1:443", "example.com", "/api/x"));
    assert!(api.contains(&"*127.0.0.1:8100 /etc/nginx/sites/a.conf:10".to_owned()), "{api:?}");
    assert!(api.iter().filter(|one| one.starts_with('*')).count() == 1);
    let other = found(&files, &asked("192.0.2.1:443", "192.0.2.1", "/"));
    assert!(other[0].starts_with("*127.0.0.1:9000"), "{other:?}");
    assert!(
        !found(&files, &asked("192.0.2.1:80", "example.com", "/")).iter().any(|one| one.starts_with('*'))
    );
}

#[test]
fn scripts_are_reached_by_way_of_an_index_and_variables_by_their_values() {
    let php = "http { server { listen 80; set $up 127.0.0.1; root /srv; index index.php;\n location / { try_files $uri /index.php; }\n \
        location ~ \\.php$ { fastcgi_pass unix:/run/php/fpm.sock; }\n location /x { if ($a = \"}\") { proxy_pass http://$up:81; } proxy_pass http://${up}2:1; } } }";
    assert_eq!(
        found(&[("etc/nginx/nginx.conf", php)], &asked("192.0.2.1:80", "x", "/")),
        ["*unix:/run/php/fpm.sock /etc/nginx/nginx.conf:3", "127.0.0.1:81 /etc/nginx/nginx.conf:4"]
    );
}

#[test]
fn a_stream_is_followed_too() {
    let stream = "stream { server { listen 10.0.0.1:443; proxy_pass 10.0.0.5:8443; } server { listen 443; proxy_pass 10.0.0.6:443; } }";
    assert_eq!(
        found(&[("etc/nginx/nginx.conf", stream)], &asked("10.0.0.1:443", "", "/")),
        ["*10.0.0.5:8443 /etc/nginx/nginx.conf:1", "10.0.0.6:443 /etc/nginx/nginx.conf:1"]
    );
}

#[test]
fn the_backends_of_the_frontend_on_the_port() {
    let text = "global\n daemon\ndefaults\n mode http\nfrontend web\n bind *:80,*:443 ssl crt /x\n use_backend api if { path_beg /api }\n default_backend app\n\
        frontend other\n bind 10.0.0.9:443\n default_backend other\nbackend app\n server a 127.0.0.1:8001 check\n server b 127.0.0.1:8002 disabled\n server c unix@/run/c.sock\n\
        backend api\n server a ipv4@10.0.0.5:81\nbackend other\n server o 10.0.0.7:80 # spare\nlisten all\n bind :8080\n server x [::1]:9\n";
    let asked = asked("192.0.2.1:443", "x", "/");
    let found = lines("haproxy", &[("etc/haproxy/haproxy.cfg", text)], &asked);
    assert_eq!(
        found,
        ["*127.0.0.1:8001 13", "*unix:/run/c.sock 15", "*10.0.0.5:81 17", "10.0.0.7:80 19", "[::1]:9 22"]
    );
}

#[test]
fn the_virtual_host_that_answers() {
    let main =
        "ServerRoot \"/etc/apache2\"\nDefine APP 127.0.0.1:8001\nIncludeOptional sites-enabled/*.conf\n";
    let site = "<VirtualHost *:80>\n ServerName other.test\n ProxyPass / http://10.0.0.1:1/\n</VirtualHost>\n\
        <VirtualHost *:80>\n ServerName example.com\n ServerAlias *.example.com\n ProxyPass /static !\n ProxyPass /api balancer://pool/\n ProxyPass / \\\n  http://${APP}/\n\
         <FilesMatch \"\\.php$\">\n  SetHandler \"proxy:unix:/run/php/fpm.sock|fcgi://localhost/\"\n </FilesMatch>\n\
         <Proxy balancer://pool>\n  BalancerMember http://10.0.0.2:2\n </Proxy>\n RewriteRule ^/ws ws://127.0.0.1:3/ [P,L]\n</VirtualHost>\n";
    let files = [("etc/apache2/apache2.conf", main), ("etc/apache2/sites-enabled/a.conf", site)];
    let found = lines("apache2", &files, &asked("192.0.2.1:80", "www.example.com", "/"));
    assert_eq!(
        found,
        [
            "10.0.0.1:1 3",
            "10.0.0.2:2 16",
            "*127.0.0.1:8001 10",
            "*unix:/run/php/fpm.sock 13",
            "*127.0.0.1:3 18"
        ]
    );
}

fn of_caddy(text: &str) -> Vec<String> {
    lines("caddy", &[("etc/caddy/Caddyfile", text)], &asked("192.0.2.1:443", "example.com", "/"))
}

#[test]
fn a_caddyfile() {
    let text = "{\n\tadmin off\n}\nexample.com, www.example.com {\n\treverse_proxy /api/* 127.0.0.1:9000\n\treverse_proxy localhost:8080 {\n\t\tto localhost:8081\n\t}\n\tphp_fastcgi unix//run/php.sock\n}\n\
        :8443 {\n\treverse_proxy app:80 # other\n}\n";
    assert_eq!(
        of_caddy(text),
        ["*127.0.0.1:9000 5", "*localhost:8080 6", "*localhost:8081 7", "*unix:/run/php.sock 9", "app:80 12"]
    );
    assert_eq!(of_caddy("example.com\n\nreverse_proxy 127.0.0.1:1\n"), ["*127.0.0.1:1 3"]);
}

#[test]
fn json() {
    assert_eq!(
        of_caddy("{\"apps\":{\"x\":[{\"upstreams\":[{\"dial\":\"127.0.0.1:7\"}]}]}}"),
        ["127.0.0.1:7 1"]
    );
}
