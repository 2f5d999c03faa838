//! Kernel parameters under `/proc/sys`. Those under `net/` are those of the calling thread's network namespace.

use std::io;

/// Reads one parameter, without its trailing newline; `name` as in `net.ipv4.ip_local_port_range`.
///
/// # Errors
/// What reading the file says; `NotFound` where the kernel does not have the parameter.
pub fn read(name: &str) -> io::Result<String> {
    read_path(&name.replace('.', "/"))
}

/// Reads one parameter by its path below `/proc/sys`, as in `net/ipv4/conf/eth0.5/rp_filter`: for names with dots of their own.
///
/// # Errors
/// As [`read`].
pub fn read_path(path: &str) -> io::Result<String> {
    // The kernel looks net/ up in the namespace of the calling thread (net/sysctl_net.c), not of the process.
    Ok(std::fs::read_to_string(format!("/proc/sys/{path}"))?.trim_end().to_owned())
}

/// Writes one parameter; `name` as for [`read`].
///
/// # Errors
/// What writing the file says; `PermissionDenied` without `CAP_NET_ADMIN`, `InvalidInput` for a value it does not take.
pub fn write(name: &str, value: &str) -> io::Result<()> {
    std::fs::write(format!("/proc/sys/{}", name.replace('.', "/")), value)
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_the_ephemeral_range() {
        let text = super::read("net.ipv4.ip_local_port_range").unwrap();
        assert_eq!(text.split_whitespace().count(), 2);
    }
}
