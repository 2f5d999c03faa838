//! One file for each scene.

mod docker_beside_ufw;
mod empty;
mod fail2ban;
mod firewalld;
mod forgotten_ipv6;
mod forwarded;
mod generated;
mod many;
mod mixed;
mod neighbours;
mod only_loopback;
mod plain_nft;
mod run;
