//! Software that listens: how it is recognised, where its configuration, its logs and its units are.

use std::fmt;

use portreeve_model::Process;

/// One well-known program. Paths are those of Debian, Fedora and Arch and of the projects themselves.
#[derive(Debug, PartialEq, Eq)]
pub struct Software {
    /// `nginx`.
    pub name: &'static str,
    /// Names of its executables.
    pub programs: &'static [&'static str],
    /// How its configuration names ports.
    pub language: Language,
    /// Its main files of configuration. `*` stands for any name.
    pub configuration: &'static [&'static str],
    /// Ports that it listens on where its configuration does not say.
    pub usual: &'static [u16],
    /// Its systemd units.
    pub units: &'static [&'static str],
    /// Where it complains.
    pub logs: &'static [&'static str],
    /// Where it writes its process id.
    pub pid_files: &'static [&'static str],
    /// The option that names another file of configuration.
    pub file_options: &'static [&'static str],
    /// The command that checks its configuration.
    pub check: Option<&'static str>,
}

/// The language of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `listen [::]:443 ssl;`, `include`.
    Nginx,
    /// `Listen 443`, `Include`, `<IfModule>`.
    Apache,
    /// `bind *:443 ssl`.
    Haproxy,
    /// Site addresses before a brace.
    Caddy,
    /// One setting a line; the keys whose values are ports, or addresses with ports.
    Keyed(&'static [&'static str]),
    /// Nothing is read of it.
    None,
}

impl fmt::Display for Software {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Software {
    /// The software that a process runs: by its executable, or else by its name.
    pub fn of_process(process: &Process) -> Option<&'static Self> {
        let file = process.executable.as_ref();
        file.and_then(|file| Self::of_program(&file.path)).or_else(|| Self::of_program(&process.name))
    }

    /// The software of an executable's path or a process's name.
    pub fn of_program(program: &str) -> Option<&'static Self> {
        let name = program.rsplit('/').next().unwrap_or(program);
        let name = name.strip_suffix(" (deleted)").unwrap_or(name);
        // php-fpm8.2, python3.11, nginx-debug
        let bare = name.trim_end_matches(|one: char| one.is_ascii_digit() || one == '.');
        ALL.iter().find(|one| one.programs.contains(&name) || one.programs.contains(&bare))
    }

    /// The unit that is most likely its own.
    pub fn unit(&self) -> Option<&'static str> {
        self.units.first().copied()
    }
}

const NOTHING: Software = Software {
    name: "",
    programs: &[],
    language: Language::None,
    configuration: &[],
    usual: &[],
    units: &[],
    logs: &[],
    pid_files: &[],
    file_options: &[],
    check: None,
};

/// Everything that is known.
pub static ALL: &[Software] = &[
    Software {
        name: "nginx",
        programs: &["nginx", "nginx-debug", "openresty", "angie", "tengine"],
        language: Language::Nginx,
        configuration: &[
            "/etc/nginx/nginx.conf",
            "/usr/local/nginx/conf/nginx.conf",
            "/usr/local/etc/nginx/nginx.conf",
            "/usr/local/openresty/nginx/conf/nginx.conf",
            "/etc/angie/angie.conf",
        ],
        units: &["nginx.service", "openresty.service", "angie.service"],
        logs: &["/var/log/nginx/error.log"],
        pid_files: &["/run/nginx.pid", "/var/run/nginx.pid"],
        file_options: &["-c"],
        check: Some("nginx -t"),
        ..NOTHING
    },
    Software {
        name: "Apache",
        programs: &["apache2", "httpd", "httpd-prefork", "httpd.worker"],
        language: Language::Apache,
        configuration: &[
            "/etc/apache2/apache2.conf",
            "/etc/httpd/conf/httpd.conf",
            "/usr/local/apache2/conf/httpd.conf",
            "/etc/apache2/httpd.conf",
        ],
        units: &["apache2.service", "httpd.service"],
        logs: &["/var/log/apache2/error.log", "/var/log/httpd/error_log"],
        pid_files: &["/run/apache2/apache2.pid", "/run/httpd/httpd.pid"],
        file_options: &["-f"],
        check: Some("apachectl configtest"),
        ..NOTHING
    },
    Software {
        name: "HAProxy",
        programs: &["haproxy"],
        language: Language::Haproxy,
        configuration: &[
            "/etc/haproxy/haproxy.cfg",
            "/etc/haproxy/conf.d/*.cfg",
            "/usr/local/etc/haproxy/haproxy.cfg",
        ],
        units: &["haproxy.service"],
        logs: &["/var/log/haproxy.log"],
        pid_files: &["/run/haproxy.pid"],
        file_options: &["-f"],
        check: Some("haproxy -c -f /etc/haproxy/haproxy.cfg"),
        ..NOTHING
    },
    Software {
        name: "Caddy",
        programs: &["caddy"],
        language: Language::Caddy,
        configuration: &["/etc/caddy/Caddyfile", "/etc/caddy/caddy.json"],
        units: &["caddy.service"],
        logs: &["/var/log/caddy/caddy.log"],
        file_options: &["--config", "-config", "-c"],
        check: Some("caddy validate --config /etc/caddy/Caddyfile"),
        ..NOTHING
    },
    Software {
        name: "lighttpd",
        programs: &["lighttpd"],
        language: Language::Keyed(&["server.port", "$SERVER[\"socket\"]"]),
        configuration: &["/etc/lighttpd/lighttpd.conf", "/etc/lighttpd/conf-enabled/*.conf"],
        usual: &[80],
        units: &["lighttpd.service"],
        logs: &["/var/log/lighttpd/error.log"],
        pid_files: &["/run/lighttpd.pid"],
        file_options: &["-f"],
        check: Some("lighttpd -tt -f /etc/lighttpd/lighttpd.conf"),
    },
    Software {
        name: "sshd",
        programs: &["sshd"],
        language: Language::Keyed(&["port", "listenaddress"]),
        configuration: &["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"],
        usual: &[22],
        units: &["ssh.service", "sshd.service"],
        logs: &["/var/log/auth.log", "/var/log/secure"],
        pid_files: &["/run/sshd.pid"],
        file_options: &["-f"],
        check: Some("sshd -t"),
    },
    Software {
        name: "dnsmasq",
        programs: &["dnsmasq"],
        language: Language::Keyed(&["port"]),
        configuration: &["/etc/dnsmasq.conf", "/etc/dnsmasq.d/*"],
        usual: &[53],
        units: &["dnsmasq.service"],
        pid_files: &["/run/dnsmasq/dnsmasq.pid", "/run/dnsmasq.pid"],
        file_options: &["-C", "--conf-file"],
        check: Some("dnsmasq --test"),
        ..NOTHING
    },
    Software {
        name: "BIND",
        programs: &["named"],
        language: Language::Keyed(&["listen-on port", "listen-on-v6 port"]),
        configuration: &["/etc/bind/named.conf.options", "/etc/named.conf", "/etc/bind/named.conf"],
        usual: &[53],
        units: &["named.service", "bind9.service"],
        pid_files: &["/run/named/named.pid"],
        file_options: &["-c"],
        check: Some("named-checkconf"),
        ..NOTHING
    },
    Software {
        name: "unbound",
        programs: &["unbound"],
        language: Language::Keyed(&["port", "interface"]),
        configuration: &["/etc/unbound/unbound.conf", "/etc/unbound/unbound.conf.d/*.conf"],
        usual: &[53],
        units: &["unbound.service"],
        pid_files: &["/run/unbound.pid"],
        file_options: &["-c"],
        check: Some("unbound-checkconf"),
        ..NOTHING
    },
    Software {
        name: "PostgreSQL",
        programs: &["postgres"],
        language: Language::Keyed(&["port"]),
        configuration: &["/etc/postgresql/*/*/postgresql.conf", "/var/lib/pgsql/data/postgresql.conf"],
        usual: &[5432],
        units: &["postgresql.service"],
        logs: &["/var/log/postgresql/*.log", "/var/lib/pgsql/data/log/*.log"],
        ..NOTHING
    },
    Software {
        name: "MariaDB or MySQL",
        programs: &["mariadbd", "mysqld"],
        language: Language::Keyed(&["port"]),
        configuration: &[
            "/etc/mysql/mariadb.conf.d/50-server.cnf",
            "/etc/mysql/mysql.conf.d/mysqld.cnf",
            "/etc/my.cnf.d/*.cnf",
        ],
        usual: &[3306],
        units: &["mariadb.service", "mysql.service", "mysqld.service"],
        logs: &["/var/log/mysql/error.log", "/var/log/mariadb/mariadb.log", "/var/log/mysqld.log"],
        ..NOTHING
    },
    Software {
        name: "Redis",
        programs: &["redis-server", "valkey-server"],
        language: Language::Keyed(&["port", "tls-port"]),
        configuration: &["/etc/redis/redis.conf", "/etc/redis.conf", "/etc/valkey/valkey.conf"],
        usual: &[6379],
        units: &["redis-server.service", "redis.service", "valkey.service"],
        logs: &["/var/log/redis/redis-server.log", "/var/log/redis/redis.log"],
        ..NOTHING
    },
    Software {
        name: "Squid",
        programs: &["squid"],
        language: Language::Keyed(&["http_port", "https_port"]),
        configuration: &["/etc/squid/squid.conf", "/etc/squid/conf.d/*.conf"],
        usual: &[3128],
        units: &["squid.service"],
        logs: &["/var/log/squid/cache.log"],
        pid_files: &["/run/squid.pid"],
        file_options: &["-f"],
        check: Some("squid -k parse"),
    },
    Software {
        name: "memcached",
        programs: &["memcached"],
        language: Language::Keyed(&["-p"]),
        configuration: &["/etc/memcached.conf"],
        usual: &[11211],
        units: &["memcached.service"],
        ..NOTHING
    },
    Software {
        name: "MongoDB",
        programs: &["mongod", "mongos"],
        language: Language::Keyed(&["port"]),
        configuration: &["/etc/mongod.conf"],
        usual: &[27017],
        units: &["mongod.service"],
        logs: &["/var/log/mongodb/mongod.log"],
        file_options: &["--config", "-f"],
        ..NOTHING
    },
    Software {
        name: "mosquitto",
        programs: &["mosquitto"],
        language: Language::Keyed(&["listener", "port"]),
        configuration: &["/etc/mosquitto/mosquitto.conf", "/etc/mosquitto/conf.d/*.conf"],
        usual: &[1883],
        units: &["mosquitto.service"],
        logs: &["/var/log/mosquitto/mosquitto.log"],
        file_options: &["-c"],
        ..NOTHING
    },
    Software {
        name: "PHP-FPM",
        programs: &["php-fpm"],
        language: Language::Keyed(&["listen"]),
        configuration: &["/etc/php/*/fpm/pool.d/*.conf", "/etc/php-fpm.d/*.conf"],
        units: &["php-fpm.service"],
        logs: &["/var/log/php*-fpm.log", "/var/log/php-fpm/error.log"],
        ..NOTHING
    },
    Software {
        name: "Postfix",
        programs: &["master"],
        configuration: &["/etc/postfix/main.cf"],
        usual: &[25],
        units: &["postfix.service"],
        logs: &["/var/log/mail.log", "/var/log/maillog"],
        check: Some("postfix check"),
        ..NOTHING
    },
    Software {
        name: "Dovecot",
        programs: &["dovecot"],
        configuration: &["/etc/dovecot/dovecot.conf", "/etc/dovecot/conf.d/*.conf"],
        usual: &[143, 993, 110, 995],
        units: &["dovecot.service"],
        logs: &["/var/log/mail.log", "/var/log/maillog"],
        check: Some("doveconf -n"),
        ..NOTHING
    },
    Software {
        name: "vsftpd",
        programs: &["vsftpd"],
        language: Language::Keyed(&["listen_port"]),
        configuration: &["/etc/vsftpd.conf", "/etc/vsftpd/vsftpd.conf"],
        usual: &[21],
        units: &["vsftpd.service"],
        ..NOTHING
    },
    Software {
        name: "stunnel",
        programs: &["stunnel"],
        configuration: &["/etc/stunnel/*.conf"],
        units: &["stunnel4.service"],
        ..NOTHING
    },
    Software { name: "Traefik", programs: &["traefik"], units: &["traefik.service"], ..NOTHING },
    Software { name: "Envoy", programs: &["envoy"], units: &["envoy.service"], ..NOTHING },
    Software { name: "Varnish", programs: &["varnishd"], units: &["varnish.service"], ..NOTHING },
    Software { name: "Java", programs: &["java"], ..NOTHING },
    Software { name: "Node.js", programs: &["node", "nodejs"], ..NOTHING },
    Software { name: "Python", programs: &["python"], ..NOTHING },
    Software { name: "Gunicorn", programs: &["gunicorn"], ..NOTHING },
    Software { name: "uWSGI", programs: &["uwsgi"], units: &["uwsgi.service"], ..NOTHING },
    Software {
        name: "Docker's forwarder",
        programs: &["docker-proxy"],
        units: &["docker.service"],
        ..NOTHING
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_recognised_with_their_versions() {
        let name = |program: &str| Software::of_program(program).map(|software| software.name);
        assert_eq!(name("/usr/sbin/nginx"), Some("nginx"));
        assert_eq!(name("/usr/sbin/php-fpm8.2"), Some("PHP-FPM"));
        assert_eq!(name("/usr/bin/python3.11"), Some("Python"));
        assert_eq!(name("/usr/sbin/apache2 (deleted)"), Some("Apache"));
        assert_eq!(name("/opt/own/server"), None);
    }
}
