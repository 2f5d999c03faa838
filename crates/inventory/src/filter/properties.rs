//! Properties of all filters and all sockets: what is printed reads back, what is left to the kernel is sound, and
//! no text does harm.

use std::net::IpAddr;
use std::sync::Arc;

use portreeve_model::{
    Container, Endpoint, Family, Holder, Interface, Namespace, NamespaceId, NoHolder, Process, Protocol,
    Socket, Source, State,
};
use portreeve_wire::inet_diag::bytecode::{Prefix, Program, SocketKey, audit, run};
use proptest::prelude::*;

use super::{Comparison, Device, Facts, Filter, Host, KernelNames, Pattern, Side, StateSet, Test};

fn services(name: &str) -> Option<u16> {
    (name == "https").then_some(443)
}

struct World {
    may_test_marks: bool,
    auto_bound: Option<bool>,
    owners_known: bool,
}

impl KernelNames for World {
    fn device_index(&self, name: &str) -> Option<u32> {
        [("lo", 1), ("eth0", 2)].iter().find(|(known, _)| *known == name).map(|(_, index)| *index)
    }

    fn cgroup_id(&self, path: &str) -> Option<u64> {
        [("/", 1), ("/a", 2)].iter().find(|(known, _)| *known == path).map(|(_, id)| *id)
    }

    fn ephemeral_ports(&self) -> Option<(u16, u16)> {
        Some((0, u16::MAX))
    }

    fn may_test_marks(&self) -> bool {
        self.may_test_marks
    }
}

impl Facts for World {
    fn process(&self, _: u32) -> Option<&Process> {
        None
    }

    fn container(&self, _: &Arc<str>) -> Option<&Container> {
        None
    }

    fn namespace(&self, _: NamespaceId) -> Option<&Namespace> {
        None
    }

    fn user_name(&self, uid: u32) -> Option<&str> {
        (uid == 0).then_some("root")
    }

    fn owners_known(&self) -> bool {
        self.owners_known
    }

    fn marks_known(&self) -> bool {
        true
    }

    fn auto_bound(&self, _: &Socket) -> Option<bool> {
        self.auto_bound
    }
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        prop::sample::select(vec![
            "0.0.0.0",
            "127.0.0.1",
            "10.1.2.3",
            "10.9.9.9",
            "::",
            "::1",
            "::ffff:10.1.2.3",
            "2001:db8::1",
            "::10.1.2.3"
        ])
        .prop_map(|text| text.parse().unwrap()),
        any::<IpAddr>(),
    ]
}

fn prefix() -> impl Strategy<Value = Prefix> {
    (address(), any::<u8>(), any::<bool>()).prop_map(|(address, length, whole)| {
        let longest = Prefix::host(address).len();
        Prefix::new(address, if whole { longest } else { length % (longest + 1) }).unwrap()
    })
}

fn port() -> impl Strategy<Value = u16> {
    prop_oneof![prop::sample::select(vec![0, 22, 80, 443, 65535]), any::<u16>()]
}

fn side() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::Source, Side::Destination])
}

fn comparison() -> impl Strategy<Value = Comparison> {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less};
    prop::sample::select(vec![Equal, Less, AtMost, Greater, AtLeast])
}

fn device() -> impl Strategy<Value = Device> {
    prop_oneof![
        (0_u32..4).prop_map(Device::Index),
        prop::sample::select(vec!["lo", "eth0", "gone", "a b"]).prop_map(|name| Device::Name(name.into())),
    ]
}

fn states() -> impl Strategy<Value = StateSet> {
    (prop::sample::subsequence(State::NAMED.to_vec(), 0..=12), any::<bool>()).prop_map(|(states, rest)| {
        if rest { StateSet::of(&states).complement() } else { StateSet::of(&states) }
    })
}

/// Tests that the kernel can make exactly.
fn kernel_test() -> impl Strategy<Value = Test> {
    prop_oneof![
        (side(), prop::option::of(prefix()), prop::option::of(port()))
            .prop_map(|(side, prefix, port)| Test::Host(side, Host::Inet { prefix, port })),
        (side(), comparison(), port())
            .prop_map(|(side, comparison, port)| Test::Port(side, comparison, port)),
        (0_u32..4).prop_map(|index| Test::Device(Device::Index(index))),
        (0_u32..4, 0_u32..4).prop_map(|(mark, mask)| Test::Mark { mark, mask }),
        prop::sample::select(vec!["/", "/a"]).prop_map(|path| Test::Cgroup(path.into())),
        Just(Test::AutoBound),
    ]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    prop_oneof![
        prop::sample::select(vec!["nginx", "*", "root", "0", "n?inx", "and", "", "(x)", "a\"b", "'", "\\*"])
            .prop_map(Pattern::new),
        any::<String>().prop_map(Pattern::new),
    ]
}

fn any_test() -> impl Strategy<Value = Test> {
    prop_oneof![
        4 => kernel_test(),
        3 => states().prop_map(Test::State),
        1 => device().prop_map(Test::Device),
        1 => Just(Test::Cgroup("id:2".into())),
        1 => (side(), pattern()).prop_map(|(side, pattern)| Test::Host(side, Host::Unix(pattern))),
        1 => (side(), prop::option::of(0_u32..5), prop::option::of(any::<u32>()))
            .prop_map(|(side, cid, port)| Test::Host(side, Host::Vsock { cid, port })),
        1 => (side(), prop::option::of(0_u16..5), prop::option::of(device()))
            .prop_map(|(side, ethertype, device)| Test::Host(side, Host::Link { ethertype, device })),
        1 => (any::<u32>(), any::<u32>()).prop_map(|(mark, mask)| Test::Mark { mark, mask }),
        1 => any::<String>().prop_map(|path| {
            // Whatever the text, reading it gives a canonical path.
            let written = format!("cgroup = \"{}\"", path.replace('\\', "\\\\").replace('"', "\\\""));
            match Filter::parse(&written, &services).unwrap() {
                Filter::Test(test) => test,
                other => panic!("{other}"),
            }
        }),
        1 => pattern().prop_map(Test::User),
        1 => pattern().prop_map(Test::Process),
        1 => pattern().prop_map(Test::Unit),
        1 => pattern().prop_map(Test::Container),
        1 => pattern().prop_map(Test::Namespace),
        1 => (comparison(), 0_u32..3).prop_map(|(comparison, uid)| Test::Uid(comparison, uid)),
        1 => (comparison(), 0_u32..3).prop_map(|(comparison, pid)| Test::Pid(comparison, pid)),
        1 => (comparison(), 0_u64..3).prop_map(|(comparison, inode)| Test::Inode(comparison, inode)),
    ]
}

fn filter_of(test: impl Strategy<Value = Test> + 'static) -> impl Strategy<Value = Filter> {
    test.prop_map(Filter::from).prop_recursive(5, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::all_of),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::any_of),
            inner.prop_map(|part| !part),
        ]
    })
}

fn endpoint(family: Family) -> BoxedStrategy<Option<Endpoint>> {
    let inet = (address(), port()).prop_map(move |(address, port)| {
        let address = match (address, family) {
            (IpAddr::V6(v6), Family::Ipv4) => IpAddr::V4(v6.to_ipv4().unwrap_or([10, 1, 2, 3].into())),
            (address, _) => address,
        };
        Endpoint::Inet { address, port }
    });
    match family {
        Family::Ipv4 | Family::Ipv6 => prop::option::of(inet).boxed(),
        Family::Packet => Just(Some(Endpoint::Link { ethertype: 3 })).boxed(),
        Family::Unix => Just(Some(Endpoint::Unix { path: Some("@0a1b2".into()) })).boxed(),
        Family::Vsock => (0_u32..5, any::<u32>())
            .prop_map(|(cid, vsock_port)| Some(Endpoint::Vsock { cid, vsock_port }))
            .boxed(),
    }
}

fn socket_of(families: Vec<Family>) -> impl Strategy<Value = Socket> {
    let interface =
        prop::sample::select(vec![None, Some((1, Some("lo"))), Some((2, Some("eth0"))), Some((3, None))]);
    let holders = prop::sample::select(vec![vec![], vec!["nginx"], vec!["nginx", "sh"]]);
    prop::sample::select(families)
        .prop_flat_map(|family| (Just(family), endpoint(family), endpoint(family)))
        .prop_flat_map(move |(family, local, peer)| {
            let cgroup = prop::sample::select(vec![None, Some("/"), Some("/a")]);
            let numbers = (prop::option::of(0_u32..3), 0_u64..3, prop::option::of(0_u32..4), 0_u8..=40);
            (Just((family, local, peer)), interface.clone(), holders.clone(), cgroup, numbers)
        })
        .prop_map(|((family, local, peer), interface, holders, cgroup, (uid, inode, mark, state))| Socket {
            protocol: Protocol::Tcp,
            family,
            state: State::from_kernel(state),
            namespace: NamespaceId(1),
            local: local.unwrap_or(Endpoint::Inet {
                address: if family == Family::Ipv4 { "0.0.0.0" } else { "::" }.parse().unwrap(),
                port: 0,
            }),
            peer,
            interface: interface.map(|(index, name)| Interface { index, name: name.map(Arc::from) }),
            receive_queue: 0,
            send_queue: 0,
            uid,
            inode,
            peer_inode: None,
            cookie: 0,
            v6only: None,
            mark,
            cgroup: cgroup.map(Arc::from),
            timer: None,
            drops: None,
            shutdown: None,
            memory: None,
            tcp_info: None,
            no_holder: if holders.is_empty() && inode == 1 { Some(NoHolder::Permission) } else { None },
            holders: holders
                .into_iter()
                .zip(1..)
                .map(|(name, pid)| Holder { pid, fd: 3, name: name.into() })
                .collect(),
            likely_owner: None,
            source: Source::SockDiag,
        })
}

/// What the kernel's filter sees of an internet socket.
fn key(socket: &Socket, auto_bound: bool) -> SocketKey {
    let end = |endpoint: Option<&Endpoint>| {
        let any = if socket.family == Family::Ipv4 { "0.0.0.0" } else { "::" };
        let (address, port) = match endpoint {
            Some(Endpoint::Inet { address, port }) => (*address, *port),
            _ => (any.parse().unwrap(), 0),
        };
        match (address, socket.family) {
            (IpAddr::V4(v4), Family::Ipv6) => (v4.to_ipv6_mapped().into(), port),
            _ => (address, port),
        }
    };
    let ((source, source_port), (destination, destination_port)) =
        (end(Some(&socket.local)), end(socket.peer.as_ref()));
    SocketKey {
        source,
        destination,
        source_port,
        destination_port,
        interface: socket.interface.as_ref().map_or(0, |interface| interface.index),
        mark: socket.mark.unwrap_or(0),
        cgroup_id: match socket.cgroup.as_deref() {
            Some("/") => 1,
            Some("/a") => 2,
            _ => 0,
        },
        auto_bound,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn what_is_printed_reads_back(filter in filter_of(any_test())) {
        let text = filter.to_string();
        let read = Filter::parse(&text, &services);
        prop_assert_eq!(read.as_ref(), Ok(&filter), "{}", text);
    }

    #[test]
    fn the_kernel_never_withholds_a_match(
        filter in filter_of(any_test()),
        sockets in prop::collection::vec(socket_of(vec![Family::Ipv4, Family::Ipv6]), 20),
        (may_test_marks, auto_bound, auto_told, owners_known) in any::<(bool, bool, bool, bool)>(),
    ) {
        let world = World { may_test_marks, auto_bound: auto_told.then_some(auto_bound), owners_known };
        let condition = filter.kernel_condition(&world);
        let program = Program::assemble(&condition).unwrap();
        prop_assert_eq!(audit(program.as_bytes()), Ok(()));
        let states = filter.state_mask();
        for socket in sockets.iter().filter(|socket| filter.matches(socket, &world)) {
            let key = key(socket, auto_bound);
            prop_assert!(states.contains(socket.state), "{filter}: {states:?}: {socket:?}");
            prop_assert!(condition.matches(&key), "{filter}: {condition:?}: {socket:?}");
            prop_assert!(run(program.as_bytes(), &key), "{filter}: {program:?}: {socket:?}");
        }
    }

    #[test]
    fn the_kernel_is_exact_where_it_can_test_everything(
        filter in filter_of(kernel_test()),
        sockets in prop::collection::vec(socket_of(vec![Family::Ipv4, Family::Ipv6]), 20),
        auto_bound in any::<bool>(),
    ) {
        let world = World { may_test_marks: true, auto_bound: Some(auto_bound), owners_known: false };
        let condition = filter.kernel_condition(&world);
        let program = Program::assemble(&condition).unwrap();
        for mut socket in sockets {
            socket.cgroup.get_or_insert("/".into());
            if matches!(socket.state, State::TimeWait | State::SynRecv) {
                socket.mark.get_or_insert(0);
            }
            let key = key(&socket, auto_bound);
            prop_assert_eq!(condition.matches(&key), filter.matches(&socket, &world), "{}: {:?}", filter, socket);
            prop_assert_eq!(run(program.as_bytes(), &key), filter.matches(&socket, &world));
        }
    }

    #[test]
    fn a_filter_and_its_negation_never_both_match(
        filter in filter_of(any_test()),
        socket in socket_of(vec![Family::Ipv4, Family::Ipv6, Family::Unix, Family::Vsock, Family::Packet]),
    ) {
        let world = World { may_test_marks: true, auto_bound: None, owners_known: true };
        let plain = filter.evaluate(&socket, &world);
        let negated = (!filter).evaluate(&socket, &world);
        prop_assert_eq!(plain.map(|holds| !holds), negated);
    }

    #[test]
    fn no_text_does_harm(text in any::<String>()) {
        let _ = Filter::parse(&text, &services).map_err(|error| error.column());
    }

    #[test]
    fn no_sequence_of_words_does_harm(
        words in prop::collection::vec(prop::sample::select(vec![
            "(", ")", "!", "not", "and", "or", "&", "|", "=", "!=", "<=", "state", "exclude", "all", "listen", "src",
            "dst", "sport", "dev", "fwmark", "cgroup", "autobound", "user", "pid", ":443", "10/8", "[::1]:1", "[", "'",
            "\"", "\\", "unix:", "link:", "vsock:", "1/1", "é", "eq", " ", "*", ":", "/",
        ]), 0..12),
        between in prop::sample::select(vec!["", " "]),
    ) {
        let text = words.join(between);
        match Filter::parse(&text, &services) {
            Ok(filter) => {
                let printed = filter.to_string();
                prop_assert_eq!(Filter::parse(&printed, &services), Ok(filter), "{}", printed);
            }
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.offset), "{error:?}");
                prop_assert!(!error.help.is_empty());
            }
        }
    }
}
