//! Descriptors handed over in the environment, by the rules of man 3 `sd_listen_fds`.

use portreeve_model::SocketActivation;

/// What an environment block (`/proc/PID/environ`: `NAME=value` entries, each ended by a zero byte) says of listeners
/// handed to the process itself.
///
/// `pids` are the process's numbers in its pid namespaces (`NSpid` of `/proc/PID/status`, outermost first):
/// `LISTEN_PID` must be one of them. A child that merely inherited the variables has another number, so it gets `None`.
/// `LISTEN_FDS` of zero, or one that is no number, is `None` too.
pub fn activation_from_environ(pids: &[u32], environ: &[u8]) -> Option<SocketActivation> {
    let value = |name: &[u8]| {
        environ
            .split(|byte| *byte == 0)
            .find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
            .and_then(|value| std::str::from_utf8(value).ok())
    };
    let pid: u32 = value(b"LISTEN_PID")?.parse().ok()?;
    let count = value(b"LISTEN_FDS")?.parse().ok().filter(|count| *count > 0 && pids.contains(&pid))?;
    let names = value(b"LISTEN_FDNAMES").filter(|names| !names.is_empty());
    Some(SocketActivation {
        count,
        names: names.map_or_else(Vec::new, |names| names.split(':').map(str::to_owned).collect()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_process_itself_was_handed_listeners() {
        let environ = b"PATH=/bin\0LISTEN_PID=42\0LISTEN_FDS=2\0LISTEN_FDNAMES=web.socket:api\0";
        let expected = SocketActivation { count: 2, names: vec!["web.socket".into(), "api".into()] };
        assert_eq!(activation_from_environ(&[42], environ), Some(expected.clone()));
        assert_eq!(activation_from_environ(&[9000, 42], environ), Some(expected));
        let nameless = activation_from_environ(&[42], b"LISTEN_FDS=1\0LISTEN_PID=42");
        assert_eq!(nameless, Some(SocketActivation { count: 1, names: vec![] }));
    }

    #[test]
    fn inherited_or_broken_variables_say_nothing() {
        let table: [&[u8]; 8] = [
            b"",
            b"LISTEN_FDS=1\0",
            b"LISTEN_PID=42\0",
            b"LISTEN_PID=41\0LISTEN_FDS=1\0",
            b"LISTEN_PID=42\0LISTEN_FDS=0\0",
            b"LISTEN_PID=42\0LISTEN_FDS=-1\0",
            b"LISTEN_PID=\xff\0LISTEN_FDS=1\0",
            b"XLISTEN_PID=42\0XLISTEN_FDS=1\0",
        ];
        for environ in table {
            assert_eq!(activation_from_environ(&[42], environ), None, "{}", environ.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = activation_from_environ(&[1], &bytes);
            let mut environ = b"LISTEN_PID=1\0LISTEN_FDS=1\0LISTEN_FDNAMES=".to_vec();
            environ.extend(bytes);
            let _ = activation_from_environ(&[1], &environ);
        }
    }
}
