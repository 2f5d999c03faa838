//! What is tried, and what should come of it.

use std::net::IpAddr;

/// A packet in the words of `portreeve reach --packet`, who sends it, and how far it should get.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// The place that sends.
    pub(crate) sender: String,
    /// The packet.
    pub(crate) packet: String,
    /// `place:port` that should answer, one of several where chance decides; none where nobody should. For ICMP the port is 0.
    pub(crate) answers: Vec<String>,
    /// `place:port` that the packet itself comes to, where a program there passes on what it carries.
    pub(crate) relay: Option<String>,
    /// Address that the place that answers sees.
    pub(crate) client: Option<IpAddr>,
    /// The rules let it through, and nobody listens.
    pub(crate) nobody_listens: bool,
    /// The rules ask for something that only the kernel remembers: the simulator may say so, and one of its ways has to be the one taken.
    pub(crate) uncertain: bool,
}

/// A packet that should arrive at `place:port`; `a|b` where chance decides between two.
pub(crate) fn reaches(sender: &str, packet: impl Into<String>, answers: &str) -> Case {
    Case { answers: answers.split('|').map(String::from).collect(), ..blocked(sender, packet) }
}

/// A packet that should not arrive.
pub(crate) fn blocked(sender: &str, packet: impl Into<String>) -> Case {
    Case {
        sender: sender.into(),
        packet: packet.into(),
        answers: Vec::new(),
        relay: None,
        client: None,
        nobody_listens: false,
        uncertain: false,
    }
}

/// The parts of a packet that a client needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) source: Option<IpAddr>,
    pub(crate) destination: IpAddr,
    pub(crate) transport: Transport,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Tcp(u16),
    Udp(u16),
    Echo,
}

impl Case {
    /// The place that answers sees this client.
    pub(crate) fn seen_as(mut self, client: &str) -> Self {
        self.client = Some(client.parse().unwrap());
        self
    }

    /// A program at this `place:port` takes the packet and passes on what it carries.
    pub(crate) fn through(mut self, relay: &str) -> Self {
        self.relay = Some(relay.into());
        self
    }

    /// Not the rules are why nobody answers.
    pub(crate) fn by_nobody_listening(mut self) -> Self {
        self.nobody_listens = true;
        self
    }

    /// A limit or a set that packets change decides.
    pub(crate) fn uncertain(mut self) -> Self {
        self.uncertain = true;
        self
    }

    /// Whether the rules let it through.
    pub(crate) fn comes_through(&self) -> bool {
        self.nobody_listens || !self.answers.is_empty()
    }

    /// Whether its way ends in the server itself although the answer comes from elsewhere.
    pub(crate) fn passes_input(&self) -> bool {
        self.relay.is_some() || self.nobody_listens
    }

    /// The packet's flow. Words that only tell the simulator something are passed over.
    pub(crate) fn flow(&self) -> Flow {
        let words: Vec<&str> = self.packet.split_whitespace().collect();
        let after = |name: &str| words.windows(2).find(|pair| pair[0] == name).map(|pair| pair[1]);
        let port = || after("dport").expect("it has a destination port").parse().unwrap();
        let transport = match () {
            () if words.contains(&"tcp") => Transport::Tcp(port()),
            () if words.contains(&"udp") => Transport::Udp(port()),
            () => Transport::Echo,
        };
        Flow {
            source: after("from").map(|address| address.parse().unwrap()),
            destination: after("to").expect("it goes somewhere").parse().unwrap(),
            transport,
        }
    }
}
