//! What mandatory access control writes into the kernel's log and the audit daemon's when it refuses something.
//!
//! `SELinux`: `avc:  denied  { name_bind } for  pid=7 comm="nginx" src=8443 scontext=... tcontext=... tclass=tcp_socket permissive=0`
//! (`avc_audit_pre_callback` in `security/selinux/avc.c`). `AppArmor`: `apparmor="DENIED" operation="bind" profile="..." ...`
//! (`audit_pre` in `security/apparmor/audit.c`). Values that a process chose are quoted, or in hexadecimal digits.

use std::borrow::Cow;

/// Who refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Module {
    /// `SELinux`.
    SeLinux,
    /// `AppArmor`.
    AppArmor,
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial<'a> {
    /// Who refused.
    pub module: Module,
    /// `name_bind`, `name_connect`, `open`, ...
    pub operation: &'a str,
    /// The process.
    pub pid: Option<u32>,
    /// Its name.
    pub command: Cow<'a, str>,
    /// Its context, or its profile.
    pub subject: Cow<'a, str>,
    /// The context of the object, or the path of the file.
    pub object: Cow<'a, str>,
    /// `tcp_socket`, `file`, `net`, ...
    pub class: Cow<'a, str>,
    /// The port that was to be bound or connected to.
    pub port: Option<u16>,
    /// What was asked for of a file: `r`, `w`.
    pub mask: Cow<'a, str>,
    /// Whether it was refused, not only written down (`permissive=1`).
    pub enforced: bool,
}

/// Reads the refusal in a line; `None` where there is none.
#[must_use]
pub fn denial(line: &str) -> Option<Denial<'_>> {
    if let Some((_, rest)) = line.split_once("avc:") {
        return selinux(rest);
    }
    let at = line.find("apparmor=\"DENIED\"")?;
    apparmor(line.get(at..)?)
}

fn selinux(rest: &str) -> Option<Denial<'_>> {
    let rest = rest.trim_start().strip_prefix("denied")?;
    let (operations, fields) = rest.trim_start().strip_prefix('{')?.split_once('}')?;
    Some(Denial {
        module: Module::SeLinux,
        operation: operations.trim(),
        pid: number(fields, "pid"),
        command: text(fields, "comm"),
        subject: text(fields, "scontext"),
        object: text(fields, "tcontext"),
        class: text(fields, "tclass"),
        port: number(fields, "src")
            .or_else(|| number(fields, "dest"))
            .and_then(|port| u16::try_from(port).ok()),
        mask: Cow::Borrowed(""),
        enforced: number(fields, "permissive") != Some(1),
    })
}

fn apparmor(fields: &str) -> Option<Denial<'_>> {
    let raw = raw(fields, "operation")?;
    Some(Denial {
        module: Module::AppArmor,
        operation: raw.trim_matches('"'),
        pid: number(fields, "pid"),
        command: text(fields, "comm"),
        subject: text(fields, "profile"),
        object: text(fields, "name"),
        class: text(fields, "class"),
        port: number(fields, "lport")
            .or_else(|| number(fields, "fport"))
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0),
        mask: text(fields, "denied_mask"),
        enforced: true,
    })
}

/// The value of `key=value` as it stands, quotes included.
fn raw<'a>(fields: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = fields;
    loop {
        let at = rest.find(key)?;
        let before = rest.get(..at).and_then(|text| text.chars().next_back());
        let after = rest.get(at + key.len()..)?;
        let starts = before.is_none_or(char::is_whitespace);
        if let Some(value) = after.strip_prefix('=').filter(|_| starts) {
            return match value.strip_prefix('"') {
                Some(quoted) => quoted.find('"').and_then(|end| value.get(..end + 2)),
                None => value.split_whitespace().next(),
            };
        }
        rest = after;
    }
}

fn number(fields: &str, key: &str) -> Option<u32> {
    raw(fields, key)?.parse().ok()
}

/// A value that a process may have chosen: in quotes, or in hexadecimal digits where it has blanks or quotes.
fn text<'a>(fields: &'a str, key: &str) -> Cow<'a, str> {
    let Some(value) = raw(fields, key) else { return Cow::Borrowed("") };
    if let Some(quoted) = value.strip_prefix('"') {
        return Cow::Borrowed(quoted.trim_end_matches('"'));
    }
    let encoded = matches!(key, "comm" | "name" | "profile");
    match encoded.then(|| unhex(value)).flatten() {
        Some(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        None => Cow::Borrowed(value),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len() >= 2 && digits.len() % 2 == 0)?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn selinux_tells_the_port_that_may_not_be_bound() {
        let line = r#"type=AVC msg=audit(1795327378.123:456): avc:  denied  { name_bind } for  pid=1234 comm="nginx" src=8443 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:unreserved_port_t:s0 tclass=tcp_socket permissive=0"#;
        let denial = denial(line).unwrap();
        assert_eq!(
            (denial.module, denial.operation, denial.port),
            (Module::SeLinux, "name_bind", Some(8443))
        );
        assert_eq!((denial.pid, &*denial.command, denial.enforced), (Some(1234), "nginx", true));
        assert_eq!(denial.object, "system_u:object_r:unreserved_port_t:s0");
        let permissive = line.replace("permissive=0", "permissive=1");
        assert!(!super::denial(&permissive).unwrap().enforced);
        let connect = line.replace("name_bind", "name_connect").replace("src=", "dest=");
        assert_eq!(super::denial(&connect).unwrap().port, Some(8443));
    }

    #[test]
    fn apparmor_tells_profile_and_file() {
        let line = r#"audit: type=1400 audit(1795327378.123:456): apparmor="DENIED" operation="open" class="file" profile="/usr/sbin/nginx" name="/srv/tls/site.key" pid=1234 comm="nginx" requested_mask="r" denied_mask="r" fsuid=33 ouid=0"#;
        let denial = denial(line).unwrap();
        assert_eq!(
            (denial.module, denial.operation, &*denial.object),
            (Module::AppArmor, "open", "/srv/tls/site.key")
        );
        assert_eq!((&*denial.subject, &*denial.mask, denial.port), ("/usr/sbin/nginx", "r", None));
        let bind = r#"apparmor="DENIED" operation="bind" class="net" profile="own" pid=7 comm=61206222 laddr=0.0.0.0 lport=443 family="inet" sock_type="stream" protocol=6 requested_mask="bind" denied_mask="bind""#;
        let bound = super::denial(bind).unwrap();
        assert_eq!((bound.port, &*bound.command), (Some(443), "a b\""));
        assert_eq!(super::denial(&line.replace("DENIED", "ALLOWED")), None);
    }

    proptest! {
        #[test]
        fn any_line_is_survived(line in "\\PC*|avc:  denied  \\{ \\PC* pid=\\PC*|apparmor=\"DENIED\" operation=\\PC*") {
            let _ = denial(&line);
        }
    }
}
