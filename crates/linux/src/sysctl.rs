//! Kernel parameters under `/proc/sys`. Those under `net/` are those of the calling thread's network namespace.

use std::io;

/// Reads one parameter, without its trailing newline; `name` as in `net.ipv4.ip_local_port_range`.
///
/// # Errors
/// What reading the file says; `NotFound` where the kernel does not have the parameter.
pub fn read(name: &str) -> io::Result<String> {
    // The kernel looks net/ up in the namespace of the calling thread (net/sysctl_net.c), not of the process.
    let path = format!("/proc/sys/{}", name.replace('.', "/"));
    Ok(std::fs::read_to_string(path)?.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_the_ephemeral_range() {
        let text = super::read("net.ipv4.ip_local_port_range").unwrap();
        assert_eq!(text.split_whitespace().count(), 2);
    }
}
