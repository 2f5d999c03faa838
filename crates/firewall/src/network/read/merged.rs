//! Whether IPv4 looks `local` and `main` up as one table. The kernel does so until a policy rule is added or removed
//! (`fib_unmerge`), and shows it only by listing the same routes under both names.

use std::fs::File;
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufRead, BufReader};

use super::super::limits::Limit;

/// The trie of each table, as text.
const TRIES: &str = "/proc/thread-self/net/fib_trie";

/// `None` where the kernel does not tell, or has no routes to tell it by.
pub(super) fn read(limits: &mut Vec<Limit>) -> Option<bool> {
    match File::open(TRIES) {
        Ok(file) => compare(BufReader::new(file)),
        Err(error) => {
            let permission = error.kind() == std::io::ErrorKind::PermissionDenied;
            limits.push(Limit::not_read(TRIES, &error, permission));
            None
        }
    }
}

/// Whether the sections `Main:` and `Local:` say the same.
fn compare(mut text: impl BufRead) -> Option<bool> {
    let (mut main, mut local) = (None, None);
    let mut section: Option<&mut DefaultHasher> = None;
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line).ok()? > 0 {
        // Only the names of tables stand at the beginning of a line.
        if line.first().is_some_and(|byte| !byte.is_ascii_whitespace()) {
            section = match line.trim_ascii() {
                b"Main:" => Some(main.insert(DefaultHasher::new())),
                b"Local:" => Some(local.insert(DefaultHasher::new())),
                _ => None,
            };
        } else if let Some(section) = &mut section {
            section.write(&line);
        }
        line.clear();
    }
    match (main, local) {
        (Some(main), Some(local)) => Some(main.finish() == local.finish()),
        // Only tables with routes are listed, and one table would be listed twice.
        (Some(_), None) | (None, Some(_)) => Some(false),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_sections_are_one_table() {
        let merged =
            "Main:\n  +-- 0.0.0.0/0\n     |-- 127.0.0.1\nLocal:\n  +-- 0.0.0.0/0\n     |-- 127.0.0.1\n";
        assert_eq!(compare(merged.as_bytes()), Some(true));
        let apart = "Id 200:\n  +-- x\nMain:\n  +-- 0.0.0.0/0\nLocal:\n  +-- 127.0.0.0/8\n";
        assert_eq!(compare(apart.as_bytes()), Some(false));
        assert_eq!(compare(&b"Local:\n  +-- 127.0.0.0/8\n"[..]), Some(false));
        assert_eq!(compare(&b""[..]), None);
    }
}
