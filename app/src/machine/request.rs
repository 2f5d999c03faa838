//! `sockets` options to a request of the inventory.

use portreeve_inventory::collect::{self, BpfUse, Details, IpVersions, Owners, Request};
use portreeve_inventory::filter::{Comparison, Filter, Pattern, Test};
use portreeve_inventory::group::Key;
use portreeve_inventory::services;
use portreeve_model::{Family, Protocol, State};

use super::scope;
use crate::engine::{OwnerDetail, SocketQuery};
use crate::error::CommandError;

/// The request that answers a query. What the filter needs to know of a socket, the inventory adds by itself.
pub(super) fn of(query: &SocketQuery, bpf: BpfUse) -> Result<Request, CommandError> {
    let expression = query.filter.as_deref().map(parsed).transpose()?;
    if let Some(user) = &query.user {
        known_user(user)?;
    }
    let states = states(query, expression.as_ref());
    let options = options(query);
    let filter = match expression {
        Some(expression) => Some(options.into_iter().fold(expression, Filter::and)),
        None if options.is_empty() => None,
        None => Some(Filter::all_of(options)),
    };
    let owners = match query.details.owners {
        OwnerDetail::None => Owners::None,
        OwnerDetail::Names => Owners::Names,
        OwnerDetail::Full => Owners::Full,
    };
    Ok(Request {
        protocols: query.protocols.clone(),
        ip_versions: ip_versions(&query.families),
        states,
        filter,
        namespaces: scope::resolve(&query.scope)?,
        owners,
        details: Details {
            tcp_info: query.details.tcp_info,
            memory: query.details.memory,
            drops: query.details.memory,
            cgroups: query.details.extended,
            ..Details::default()
        },
        bpf,
    })
}

/// What must be known of the holders to group by these keys.
pub(super) fn owners_for(keys: &[Key]) -> Owners {
    let of = |key: &Key| match key {
        Key::Unit | Key::Container | Key::User | Key::Namespace => Owners::Full,
        key if key.needs_owners() => Owners::Names,
        _ => Owners::None,
    };
    keys.iter().map(of).max().unwrap_or(Owners::None)
}

fn parsed(text: &str) -> Result<Filter, CommandError> {
    // Port names in filters are those of TCP, and of UDP where TCP has none.
    let port = |name: &str| {
        [Protocol::Tcp, Protocol::Udp].into_iter().find_map(|protocol| services::port_of(name, protocol))
    };
    Filter::parse(text, &port).map_err(|error| {
        let shown =
            format!("{} ⟵ here → {}", before(&error.text, error.offset), after(&error.text, error.offset));
        CommandError::usage(format!("the filter is not understood: {error}"))
            .hint(shown.trim())
            .hint(&error.help)
    })
}

/// A name that nobody has would select nothing, silently.
fn known_user(user: &str) -> Result<(), CommandError> {
    let is_pattern = user.contains(['*', '?', '\\']);
    if is_pattern || user.parse::<u32>().is_ok() || collect::is_user(user) {
        return Ok(());
    }
    Err(CommandError::usage(format!("no user is called {user} in /etc/passwd"))
        .hint("a user of a directory service or of a container goes by number: --user 1234"))
}

fn before(text: &str, offset: usize) -> &str {
    text.get(..offset).unwrap_or(text).trim_end()
}

fn after(text: &str, offset: usize) -> &str {
    text.get(offset..).unwrap_or_default()
}

/// States named by the expression stand in for those of the options, as in `ss`.
fn states(query: &SocketQuery, expression: Option<&Filter>) -> u32 {
    let mut named = false;
    if let Some(filter) = expression {
        filter.each_test(&mut |test| named |= matches!(test, Test::State(_)));
    }
    match expression {
        Some(filter) if named => filter.state_mask().mask(),
        // Packet sockets have no other state: asked for alone, they are all shown, as with ss -0.
        _ if query.protocols == [Protocol::Packet] => query.states.mask() | State::Unconnected.mask(),
        _ => query.states.mask(),
    }
}

fn options(query: &SocketQuery) -> Vec<Filter> {
    let pattern = |text: &Option<String>, test: fn(Pattern) -> Test| {
        text.as_ref().map(|text| Filter::from(test(Pattern::new(text.as_str()))))
    };
    let process = query.process.as_ref().map(|text| match text.parse() {
        Ok(pid) => Filter::from(Test::Pid(Comparison::Equal, pid)),
        Err(_) => Filter::from(Test::Process(Pattern::new(text.as_str()))),
    });
    [
        process,
        pattern(&query.unit, Test::Unit),
        pattern(&query.container, Test::Container),
        pattern(&query.user, Test::User),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn ip_versions(families: &[Family]) -> IpVersions {
    match (families.contains(&Family::Ipv4), families.contains(&Family::Ipv6)) {
        (true, false) => IpVersions::Ipv4,
        (false, true) => IpVersions::Ipv6,
        _ => IpVersions::Both,
    }
}

#[cfg(test)]
mod tests {
    use portreeve_inventory::collect::{BpfUse, Owners, Request};
    use portreeve_model::State;

    use crate::engine::{Details, OwnerDetail, Scope, SocketQuery, States};
    use crate::error::CommandError;
    use crate::exit::Exit;

    fn query(filter: &str) -> SocketQuery {
        SocketQuery {
            protocols: Vec::new(),
            families: Vec::new(),
            states: States::Connected,
            filter: (!filter.is_empty()).then(|| filter.to_owned()),
            scope: Scope::Own,
            process: None,
            unit: None,
            container: None,
            user: None,
            details: Details::default(),
        }
    }

    fn of(query: &SocketQuery) -> Result<Request, CommandError> {
        super::of(query, BpfUse::Never)
    }

    #[test]
    fn states_of_the_filter_replace_those_of_the_options() {
        let default = of(&query("sport = :443")).unwrap().states;
        assert_eq!(default, States::Connected.mask());
        let named = of(&query("state time-wait sport = :443")).unwrap().states;
        assert_eq!(named, State::TimeWait.mask());
    }

    #[test]
    fn owners_are_looked_up_only_where_something_asks_for_them() {
        assert_eq!(of(&query("")).unwrap().owners, Owners::None);
        let with = |details| of(&SocketQuery { details, ..query("") }).unwrap().owners;
        assert_eq!(with(Details { owners: OwnerDetail::Names, ..Details::default() }), Owners::Names);
    }

    #[test]
    fn a_wrong_filter_is_the_users_error_with_a_hint() {
        let error = of(&query("sport => :443")).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage);
        assert!(!error.hints.is_empty());
    }
}
