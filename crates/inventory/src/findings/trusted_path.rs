//! Where software that was installed on purpose lies, and where things are dropped.

/// Directories that package managers and administrators install programs to; only root writes there.
const SYSTEM: &[&str] =
    &["/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/", "/opt/", "/snap/", "/nix/store/", "/gnu/store/"];

/// Directories that anyone may write to and that are emptied by themselves.
const TEMPORARY: &[&str] = &["/tmp/", "/var/tmp/", "/dev/shm/", "/run/shm/", "/dev/mqueue/"];

/// Whether a path lies in a directory for installed software.
pub(super) fn is_system(path: &str) -> bool {
    // `..` never occurs in what /proc/PID/exe shows; in a command line or LD_PRELOAD it does.
    SYSTEM.iter().any(|directory| path.starts_with(directory)) && !path.contains("/../")
}

/// Whether a path lies in a temporary directory.
pub(super) fn is_temporary(path: &str) -> bool {
    TEMPORARY.iter().any(|directory| path.starts_with(directory))
}

/// Whether a directory or the file on the path is hidden from `ls`.
pub(super) fn is_hidden(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with('.') && part != "." && part != "..")
}

/// The last component.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
