//! The port of a WireGuard device, which no process holds: the real one, where the kernel has it.

use portreeve_lab::{Command, Lab};

use crate::program::{document, list};

const PORT: u16 = 51820;

#[test]
fn who_names_the_device_behind_a_port_of_the_kernel() {
    let lab = Lab::new("wireguard").unwrap();
    let host = lab.host("a").start().unwrap();
    let added = host.run(["ip", "link", "add", "wg0", "type", "wireguard"]).unwrap();
    if !added.status.success() {
        // This kernel has none, which is all that can be shown on it; recorded answers stand in for the device in the
        // tests of `wire`.
        assert!(added.stderr.contains("Unknown device type"), "{}", added.stderr);
        assert_eq!(document(&host, &format!("who {PORT}/udp"))["verdict"], "free");
        return;
    }
    let script = format!(
        "umask 077 && wg genkey >{0}/key && wg set wg0 listen-port {PORT} private-key {0}/key && ip link set wg0 up",
        lab.scratch().display()
    );
    host.run(Command::shell(&script)).unwrap().success().unwrap();
    let answer = document(&host, &format!("who {PORT}/udp"));
    assert_eq!(answer["verdict"], "taken");
    let reasons = list(&answer, "reasons");
    let kernel = reasons.iter().find(|reason| reason["kind"] == "kernel_socket").expect("the reason");
    assert!(kernel.to_string().contains("wg0"), "{kernel:#}");
}
