//! The unit in a cgroup path, by the rules of systemd's `cg_path_get_unit` and `cg_path_get_user_unit`
//! (`src/basic/cgroup-util.c`): slices first, then the unit; what lies below the unit is the unit's own business.

use portreeve_model::Unit;

use super::names::{as_service_instance, is_slice, is_unit};

/// The unit of a process, from its path in systemd's hierarchy (v2, or `name=systemd` of v1).
///
/// Below a user's own instance (`user@1000.service/...`) it is that instance's unit; a container's scope is a unit
/// like any other, and units inside the container are not looked for. `None` for the root cgroup and for paths that
/// systemd did not make. Names stay escaped, as `systemctl` takes them.
pub fn unit_of(cgroup_path: &str) -> Option<Unit> {
    let path = cgroup_path.strip_suffix(" (deleted)").unwrap_or(cgroup_path);
    // Seen from a cgroup namespace, what is outside begins with `/..`.
    let mut segments = path.split('/').filter(|segment| !matches!(*segment, "" | "..")).peekable();
    let mut login = None;
    while let Some(slice) = segments.next_if(|segment| is_slice(segment)) {
        login =
            slice.strip_prefix("user-").and_then(|rest| rest.strip_suffix(".slice")?.parse().ok()).or(login);
    }
    let system = unit_in(segments.next()?)?;
    // Sessions have had units of the user's below them in old versions.
    let instance = match as_service_instance(system, "user") {
        Some(uid) => uid.parse().ok(),
        None if system.starts_with("session-") => login,
        None => None,
    };
    let user_unit = || {
        while segments.next_if(|segment| is_slice(segment)).is_some() {}
        unit_in(segments.next()?)
    };
    Some(match instance {
        Some(uid) => match { user_unit }() {
            Some(name) => Unit { name: name.into(), user_instance: Some(uid) },
            None => Unit { name: system.into(), user_instance: None },
        },
        None => Unit { name: system.into(), user_instance: None },
    })
}

/// A directory that would clash with a file of the cgroup file system gets an underscore in front (`cg_escape`).
fn unit_in(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('_').unwrap_or(segment);
    is_unit(name).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paths_name_units_as_systemd_reads_them() {
        let table: [(&str, &str, Option<u32>); 27] = [
            ("/init.scope", "init.scope", None),
            ("/../../system.slice/nginx.service", "nginx.service", None),
            ("/system.slice/nginx.service", "nginx.service", None),
            ("/system.slice/nginx.service (deleted)", "nginx.service", None),
            ("/system.slice/nginx.service/worker/1", "nginx.service", None),
            ("/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service", None),
            ("/system.slice/getty@tty5.service/", "getty@tty5.service", None),
            ("system.slice//ssh.service", "ssh.service", None),
            ("/system.slice/_cpu.service/x", "cpu.service", None),
            ("/nginx.service", "nginx.service", None),
            ("/system.slice/dev-disk-by\\x2duuid-1.swap", "dev-disk-by\\x2duuid-1.swap", None),
            ("/system.slice/ssh.socket", "ssh.socket", None),
            ("/system.slice/web.service/libpod-payload-1", "web.service", None),
            ("/system.slice/docker-0123.scope/system.slice/nginx.service", "docker-0123.scope", None),
            (
                "/machine.slice/machine-debian\\x2d12.scope/payload/init.scope",
                "machine-debian\\x2d12.scope",
                None,
            ),
            (
                "/kubepods.slice/kubepods-pod1.slice/cri-containerd-0123.scope",
                "cri-containerd-0123.scope",
                None,
            ),
            ("/user.slice/user-1000.slice/session-3.scope", "session-3.scope", None),
            ("/user.slice/user-1000.slice/session-3.scope/sub", "session-3.scope", None),
            ("/user.slice/user-1000.slice/session-2.scope/foo.slice/bar.service", "bar.service", Some(1000)),
            ("/session-2.scope/bar.service", "session-2.scope", None),
            ("/user.slice/user-1000.slice/user@1000.service", "user@1000.service", None),
            ("/user.slice/user-1000.slice/user@1000.service/init.scope", "init.scope", Some(1000)),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service",
                "foo.service",
                Some(1000),
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/app-a.slice/foo@1.service/x",
                "foo@1.service",
                Some(1000),
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-01.scope/container",
                "libpod-01.scope",
                Some(1000),
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/snap.firefox.firefox-1.scope",
                "snap.firefox.firefox-1.scope",
                Some(1000),
            ),
            (
                "/user.slice/user-1000.slice/user@name.service/app.slice/foo.service",
                "user@name.service",
                None,
            ),
        ];
        for (path, name, user_instance) in table {
            assert_eq!(unit_of(path), Some(Unit { name: name.into(), user_instance }), "{path}");
        }
    }

    #[test]
    fn paths_that_systemd_did_not_make_name_nothing() {
        for path in [
            "",
            "/",
            "/docker/0123",
            "/lxc.payload.web/system.slice/nginx.service",
            "/system.slice",
            "/user.slice/user-1000.slice",
            "/system.slice/getty@.service/x",
            "/system.slice/getty####@tty6.service/xxx",
            "/user.slice/user-1000.slice/user@.service/server.service",
            "/kubepods/besteffort/pod1/2",
        ] {
            assert_eq!(unit_of(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(path in "\\PC*", pieces in prop::collection::vec("(user@|user-|session-|_|@|[0-9]|\\.slice|\\.scope|\\.service|/)", 0..20)) {
            let _ = unit_of(&path);
            let _ = unit_of(&pieces.concat());
        }
    }
}
