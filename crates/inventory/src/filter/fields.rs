//! The fields that can be tested, and the values that follow them.

use std::str::FromStr;

use portreeve_wire::inet_diag::bytecode::Side;

use super::{
    Comparison, Device, Host, Pattern, StateSet, Test,
    error::{Fault, shown},
    states,
    token::Operator,
};

/// Names of ports, such as `https` for 443.
pub trait ServiceNames {
    /// The port of a service, for whatever protocol knows it.
    fn port_of(&self, service: &str) -> Option<u16>;
}

impl<F: Fn(&str) -> Option<u16>> ServiceNames for F {
    fn port_of(&self, service: &str) -> Option<u16> {
        self(service)
    }
}

/// What comes before a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Host(Side),
    Port(Side),
    Device,
    Mark,
    Cgroup,
    User,
    Uid,
    Pid,
    Process,
    Unit,
    Container,
    Namespace,
    Inode,
}

/// Every field by its names, the first of which is printed.
const FIELDS: [(Field, &[&str]); 15] = [
    (Field::Host(Side::Source), &["src"]),
    (Field::Host(Side::Destination), &["dst"]),
    (Field::Port(Side::Source), &["sport"]),
    (Field::Port(Side::Destination), &["dport"]),
    (Field::Device, &["dev", "ifname"]),
    (Field::Mark, &["fwmark", "mark"]),
    (Field::Cgroup, &["cgroup"]),
    (Field::User, &["user"]),
    (Field::Uid, &["uid"]),
    (Field::Pid, &["pid"]),
    (Field::Process, &["process"]),
    (Field::Unit, &["unit"]),
    (Field::Container, &["container"]),
    (Field::Namespace, &["netns"]),
    (Field::Inode, &["inode", "ino"]),
];

impl Field {
    pub(super) fn named(word: &str) -> Option<Self> {
        let (field, _) =
            FIELDS.iter().find(|(_, names)| names.iter().any(|name| name.eq_ignore_ascii_case(word)))?;
        Some(*field)
    }

    pub(super) fn name(self) -> &'static str {
        let names = FIELDS.iter().find(|(field, _)| *field == self).map(|(_, names)| *names);
        names.and_then(|names| names.first().copied()).unwrap_or("state")
    }

    /// Every name that is printed, for a message.
    pub(super) fn names() -> String {
        let names: Vec<&str> = FIELDS.iter().filter_map(|(_, names)| names.first().copied()).collect();
        format!("state, exclude, autobound, {}", names.join(", "))
    }

    fn is_ordered(self) -> bool {
        matches!(self, Self::Port(_) | Self::Uid | Self::Pid | Self::Inode)
    }

    /// How to write a test of this field.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Host(_) => "src 10.0.0.0/8:443",
            Self::Port(_) => "sport = :443",
            Self::Device => "dev = eth0",
            Self::Mark => "fwmark = 0x1/0xff",
            Self::Cgroup => "cgroup = /system.slice",
            Self::User => "user = www-data",
            Self::Uid => "uid >= 1000",
            Self::Pid => "pid = 1",
            Self::Process => "process = nginx",
            Self::Unit => "unit = nginx.service",
            Self::Container => "container = web",
            Self::Namespace => "netns = blue",
            Self::Inode => "inode = 12345",
        }
    }

    /// How an operator compares this field, negation set aside.
    pub(super) fn comparison(self, operator: Operator) -> Result<Comparison, Fault> {
        let comparison = match operator {
            Operator::Equal | Operator::NotEqual => Comparison::Equal,
            Operator::Less => Comparison::Less,
            Operator::AtMost => Comparison::AtMost,
            Operator::Greater => Comparison::Greater,
            Operator::AtLeast => Comparison::AtLeast,
        };
        if comparison != Comparison::Equal && !self.is_ordered() {
            let message = format!("`{}` has no order, only = and !=", self.name());
            return Err(Fault::new(0, message, format!("write {}", self.example())));
        }
        Ok(comparison)
    }

    /// The test of this field against `value`.
    pub(super) fn test(
        self,
        comparison: Comparison,
        value: &str,
        services: &dyn ServiceNames,
    ) -> Result<Test, Fault> {
        let pattern = || Pattern::new(value);
        Ok(match self {
            Self::Host(side) => Test::Host(side, Host::parse(value, services)?),
            Self::Port(side) => {
                let digits = value.strip_prefix("*:").or_else(|| value.strip_prefix(':')).unwrap_or(value);
                let at = value.len() - digits.len();
                Test::Port(side, comparison, port(digits, services).map_err(|fault| fault.moved(at))?)
            }
            Self::Device => Test::Device(device(value)),
            Self::Mark => mark(value)?,
            Self::Cgroup => Test::Cgroup(cgroup(value)),
            Self::User => Test::User(pattern()),
            Self::Uid => Test::Uid(comparison, self.whole_number(value)?),
            Self::Pid => Test::Pid(comparison, self.whole_number(value)?),
            Self::Process => Test::Process(pattern()),
            Self::Unit => Test::Unit(pattern()),
            Self::Container => Test::Container(pattern()),
            Self::Namespace => Test::Namespace(pattern()),
            Self::Inode => Test::Inode(comparison, self.whole_number(value)?),
        })
    }

    fn whole_number<T: FromStr>(self, value: &str) -> Result<T, Fault> {
        digits(value).ok_or_else(|| {
            let message = format!("`{}` is not a number that `{}` can have", shown(value), self.name());
            Fault::new(0, message, format!("write a number in digits, as in {}", self.example()))
        })
    }
}

/// The states that the word after `state` or `exclude` names.
pub(super) fn state_set(word: &str) -> Result<StateSet, Fault> {
    StateSet::named(word).ok_or_else(|| {
        let names: Vec<&str> = portreeve_model::State::NAMED.into_iter().map(states::name_of).collect();
        let sets = "all, connected, synchronized, bucket, big";
        let message = format!("`{}` is not a state", shown(word));
        Fault::new(0, message, format!("write one of {}; or a set: {sets}", names.join(", ")))
    })
}

/// A port in digits or by its service's name.
pub(super) fn port(text: &str, services: &dyn ServiceNames) -> Result<u16, Fault> {
    digits(text).or_else(|| services.port_of(text)).ok_or_else(|| {
        let message = format!("`{}` is not a port", shown(text));
        Fault::new(0, message, "write a number from 0 to 65535, or a service's name such as :https")
    })
}

/// A device by index, if all are digits, or by name.
pub(super) fn device(text: &str) -> Device {
    digits(text).map_or_else(|| Device::Name(text.into()), Device::Index)
}

/// Digits only: no sign.
pub(super) fn digits<T: FromStr>(text: &str) -> Option<T> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// A number in decimal, or in hexadecimal after `0x`.
pub(super) fn number<T: TryFrom<u32>>(text: &str) -> Option<T> {
    let value = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok()?,
        Some(_) => return None,
        None => digits(text)?,
    };
    T::try_from(value).ok()
}

fn mark(text: &str) -> Result<Test, Fault> {
    let (value, bits) = text.split_once('/').unwrap_or((text, "0xffffffff"));
    let both = number(value).zip(number(bits));
    both.map(|(mark, mask)| Test::Mark { mark, mask }).ok_or_else(|| {
        let message = format!("`{}` is not a mark", shown(text));
        let help =
            "write a number up to 0xffffffff, and after a slash the bits that count: fwmark = 0x1/0xff";
        Fault::new(0, message, help)
    })
}

/// A path from the root of the hierarchy, without the usual mount points and the slash at its end.
fn cgroup(text: &str) -> Box<str> {
    if text.strip_prefix("id:").is_some_and(|id| digits::<u64>(id).is_some()) {
        return text.into();
    }
    let mut path = text.trim_matches('/');
    while let Some(below) = below_mount(path) {
        path = below;
    }
    format!("/{path}").into()
}

fn below_mount(path: &str) -> Option<&str> {
    ["sys/fs/cgroup/unified", "sys/fs/cgroup"].iter().find_map(|mount| {
        let below = path.strip_prefix(mount)?;
        (below.is_empty() || below.starts_with('/')).then(|| below.trim_matches('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::{cgroup, digits, number};

    #[test]
    fn cgroups_are_paths_from_the_root() {
        for (text, path) in [
            ("/", "/"),
            ("", "/"),
            ("system.slice", "/system.slice"),
            ("/system.slice/ssh.service/", "/system.slice/ssh.service"),
            ("/sys/fs/cgroup/system.slice", "/system.slice"),
            ("/sys/fs/cgroup/unified", "/"),
            ("/sys/fs/cgroups", "/sys/fs/cgroups"),
            ("id:77", "id:77"),
        ] {
            assert_eq!(&*cgroup(text), path, "{text}");
        }
    }

    #[test]
    fn numbers_have_no_sign_and_no_empty_form() {
        assert_eq!(digits::<u16>("+1"), None);
        assert_eq!(digits::<u16>(""), None);
        assert_eq!(digits::<u16>("65536"), None);
        assert_eq!(number::<u32>("0xFfffffff"), Some(u32::MAX));
        assert_eq!(number::<u32>("0x"), None);
        assert_eq!(number::<u32>("0x+1"), None);
    }
}
