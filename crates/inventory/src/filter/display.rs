//! A tree to its canonical text, which parses back to the same tree.

use std::fmt::{self, Write};

use portreeve_model::State;

use super::{
    Comparison, Filter, StateSet, Test, fields::Field, host, parse::is_connective, states,
    token::is_delimiter,
};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " and "),
            Self::Or(parts) => joined(f, parts, " or "),
            Self::Not(part) => match part.as_ref() {
                Self::Test(test) if equality(test) => write_test(f, test, "!="),
                Self::Test(_) | Self::Not(_) => write!(f, "not {part}"),
                Self::And(_) | Self::Or(_) => write!(f, "not ({part})"),
            },
            Self::Test(test) => write!(f, "{test}"),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operator = match self {
            Self::Port(_, comparison, _)
            | Self::Uid(comparison, _)
            | Self::Pid(comparison, _)
            | Self::Inode(comparison, _) => match comparison {
                Comparison::Equal => "=",
                Comparison::Less => "<",
                Comparison::AtMost => "<=",
                Comparison::Greater => ">",
                Comparison::AtLeast => ">=",
            },
            _ => "=",
        };
        write_test(f, self, operator)
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Filter], between: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(between)?;
        }
        match part {
            Filter::And(_) | Filter::Or(_) => write!(f, "({part})")?,
            Filter::Not(_) | Filter::Test(_) => write!(f, "{part}")?,
        }
    }
    Ok(())
}

/// Whether the negation of `test` can be written with `!=`.
fn equality(test: &Test) -> bool {
    match test {
        Test::State(_) | Test::AutoBound => false,
        Test::Port(_, comparison, _)
        | Test::Uid(comparison, _)
        | Test::Pid(comparison, _)
        | Test::Inode(comparison, _) => *comparison == Comparison::Equal,
        _ => true,
    }
}

fn write_test(f: &mut fmt::Formatter<'_>, test: &Test, operator: &str) -> fmt::Result {
    let (field, value) = match test {
        Test::State(set) => return write_states(f, *set),
        Test::AutoBound => return f.write_str("autobound"),
        Test::Host(side, host) => (Field::Host(*side), host::host_text(host)),
        Test::Port(side, _, port) => (Field::Port(*side), format!(":{port}")),
        Test::Device(device) => (Field::Device, host::device_text(device)),
        Test::Mark { mark, mask: u32::MAX } => (Field::Mark, format!("{mark:#x}")),
        Test::Mark { mark, mask } => (Field::Mark, format!("{mark:#x}/{mask:#x}")),
        Test::Cgroup(path) => (Field::Cgroup, path.to_string()),
        Test::User(pattern) => (Field::User, pattern.to_string()),
        Test::Uid(_, uid) => (Field::Uid, uid.to_string()),
        Test::Pid(_, pid) => (Field::Pid, pid.to_string()),
        Test::Process(pattern) => (Field::Process, pattern.to_string()),
        Test::Unit(pattern) => (Field::Unit, pattern.to_string()),
        Test::Container(pattern) => (Field::Container, pattern.to_string()),
        Test::Namespace(pattern) => (Field::Namespace, pattern.to_string()),
        Test::Inode(_, inode) => (Field::Inode, inode.to_string()),
    };
    write!(f, "{} {operator} ", field.name())?;
    write_value(f, &value)
}

fn write_states(f: &mut fmt::Formatter<'_>, set: StateSet) -> fmt::Result {
    match set {
        StateSet::ALL => return f.write_str("state all"),
        StateSet::EMPTY => return f.write_str("exclude all"),
        _ => {}
    }
    // A set with the unnamed states in it can only be written by what it leaves out.
    let (keyword, listed) = if set.has_unnamed() { ("exclude", set.complement()) } else { ("state", set) };
    let mut first = true;
    for state in State::NAMED.into_iter().filter(|state| listed.contains(*state)) {
        let space = if first { "" } else { " " };
        write!(f, "{space}{keyword} {}", states::name_of(state))?;
        first = false;
    }
    Ok(())
}

/// A value, in quotation marks where it would not be read back otherwise.
fn write_value(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let is_word = !value.is_empty()
        && !value.starts_with(['"', '\''])
        && !value.contains(is_delimiter)
        && !is_connective(value);
    if is_word {
        return f.write_str(value);
    }
    f.write_char('"')?;
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}
