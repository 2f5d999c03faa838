//! The rules that each packet met, told by the kernel itself (`nftrace`). Legacy tables are not in it.

use std::collections::HashMap;
use std::ops::Range;

use portreeve_lab::site::Site;
use portreeve_linux::namespace::NetworkNamespace;
use portreeve_linux::netlink::{Family, Subscription};
use portreeve_wire::netfilter::trace::{Event, EventKind, GROUP};
use portreeve_wire::netlink::Messages;

const TABLE: &str = "portreeve_trace";
/// First of all chains at every hook: a bridge that passes a packet up clears the flag, after prerouting has been. One later than the
/// first possible, where `ip_sabotage_in` (`net/bridge/br_netfilter_hooks.c`) takes care that prerouting is not run twice.
const RULES: &str = "nft -f - <<'END'
    table inet portreeve_trace {
        chain arriving { type filter hook prerouting priority -2147483647; meta nftrace set 1; }
        chain leaving { type filter hook output priority -2147483647; meta nftrace set 1; }
        chain received { type filter hook input priority -2147483647; meta nftrace set 1; }
        chain forwarded { type filter hook forward priority -2147483647; meta nftrace set 1; }
        chain sent { type filter hook postrouting priority -2147483647; meta nftrace set 1; }
    }
END";
/// The chains of [`RULES`] where a packet begins its way.
const BEGINNINGS: [&str; 2] = ["arriving", "leaving"];
/// Bytes of events that the kernel may keep: they are fetched when all packets have gone.
const QUEUE: usize = 64 << 20;
/// Index of the loopback interface of every namespace.
const LOOPBACK: u32 = 1;

/// A rule that a packet met, by its handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Met {
    /// Its chain.
    pub(crate) chain: String,
    /// Its table.
    pub(crate) table: String,
    /// `NFPROTO_*` of its table.
    pub(crate) family: u8,
    /// Its handle.
    pub(crate) handle: u64,
}

/// Packets that begin a flow, by the source port of their client.
pub(crate) struct Tracer {
    events: Subscription,
}

impl Tracer {
    /// Traces every packet from now on.
    pub(crate) fn start(site: &Site, server: &NetworkNamespace) -> Self {
        let events = server.within(|| Subscription::join(Family::Netfilter, GROUP, QUEUE)).unwrap().unwrap();
        site.shell(RULES).unwrap();
        Self { events }
    }

    /// The rules that the first packet of each client met. `clients` are the source ports to look for.
    pub(crate) fn paths(mut self, clients: &Range<u16>) -> HashMap<u16, Vec<Met>> {
        let mut packets = Packets::default();
        while let Some(buffer) = self.events.receive().expect("no event is lost") {
            for message in Messages::new(buffer) {
                let message = message.unwrap();
                if let Ok(event) = Event::from_message(&message) {
                    packets.take(&event);
                }
            }
        }
        let mut paths = HashMap::new();
        for (client, met) in packets.seen.into_iter().filter(|(client, _)| clients.contains(client)) {
            paths.entry(client).or_insert(met);
        }
        paths
    }
}

/// Events sorted by packet. The identifier that the kernel gives is a hash of, among others, the interface it came in by
/// (`nft_trace_init`), so that it changes where a bridge passes a packet up or the loopback interface gives it back.
#[derive(Default)]
struct Packets {
    /// Client and rules met of each.
    seen: Vec<(u16, Vec<Met>)>,
    /// The last packet of each client.
    last: HashMap<u16, usize>,
    /// The packet that an identifier stands for at the moment.
    current: HashMap<u32, usize>,
}

impl Packets {
    fn take(&mut self, event: &Event<'_>) {
        // The first event of a base chain carries headers.
        if event.network.is_some() {
            let packet = source_port(event).and_then(|client| self.packet_of(client, event));
            match packet {
                Some(packet) => self.current.insert(event.id, packet),
                None => self.current.remove(&event.id),
            };
        }
        if let (Some(&packet), Some(met)) = (self.current.get(&event.id), met(event)) {
            self.seen[packet].1.push(met);
        }
    }

    fn packet_of(&mut self, client: u16, event: &Event<'_>) -> Option<usize> {
        let begins = event.table == Some(TABLE)
            && event.chain.is_some_and(|chain| BEGINNINGS.contains(&chain))
            && event.input != Some(LOOPBACK);
        if begins {
            self.last.insert(client, self.seen.len());
            self.seen.push((client, Vec::new()));
        }
        self.last.get(&client).copied()
    }
}

/// Of TCP and UDP.
fn source_port(event: &Event<'_>) -> Option<u16> {
    let network = event.network?;
    let protocol = match network.first()? >> 4 {
        4 => network.get(9)?,
        _ => network.get(6)?,
    };
    let ports = event.transport?.get(..2)?;
    matches!(protocol, 6 | 17).then(|| u16::from_be_bytes([ports[0], ports[1]]))
}

fn met(event: &Event<'_>) -> Option<Met> {
    let handle = event.handle.filter(|_| event.kind == EventKind::Rule && event.table != Some(TABLE))?;
    Some(Met { chain: event.chain?.into(), table: event.table?.into(), family: event.family, handle })
}
