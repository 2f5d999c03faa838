//! The filter language: assembler, audit, interpreter.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use portreeve_wire::inet_diag::bytecode::{
    Atom, Condition, Prefix, Program, Side, SocketKey, audit, run as interpret,
};

/// Takes `data` as a program, and as the recipe of a condition and a socket.
pub fn run(data: &[u8]) {
    let mut recipe = Recipe { rest: data };
    let socket = recipe.socket();
    let _verdict = (audit(data), interpret(data, &socket));
    let condition = recipe.condition(0);
    if let Ok(program) = Program::assemble(&condition) {
        assert_eq!(audit(program.as_bytes()), Ok(()), "{condition:?}");
        assert_eq!(
            interpret(program.as_bytes(), &socket),
            condition.matches(&socket),
            "{condition:?} on {socket:?}"
        );
    }
}

/// Values drawn from bytes; zeros after their end.
struct Recipe<'a> {
    rest: &'a [u8],
}

impl Recipe<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// Small, so that conditions and sockets meet often.
    fn port(&mut self) -> u16 {
        match self.byte() {
            255 => u16::MAX,
            byte => u16::from(byte % 8),
        }
    }

    fn address(&mut self, v6: bool) -> IpAddr {
        let v4 = Ipv4Addr::new(10, 0, self.byte() % 2, self.byte() % 4);
        match (v6, self.byte() % 3) {
            (false, _) => v4.into(),
            (true, 0) => v4.to_ipv6_mapped().into(),
            (true, 1) => Ipv6Addr::from(u128::from(u32::from(v4))).into(),
            (true, _) => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(self.byte() % 4)).into(),
        }
    }

    fn socket(&mut self) -> SocketKey {
        let flags = self.byte();
        SocketKey {
            source: self.address(flags & 1 != 0),
            destination: self.address(flags & 1 != 0),
            source_port: self.port(),
            destination_port: self.port(),
            interface: u32::from(self.byte() % 3),
            mark: u32::from(self.byte() % 4),
            cgroup_id: u64::from(self.byte() % 3),
            auto_bound: flags & 2 != 0,
        }
    }

    fn condition(&mut self, depth: usize) -> Condition {
        const DEEP_ENOUGH: usize = 40;
        match self.byte() % 16 {
            0 => Condition::All,
            1 => Condition::None,
            2..5 if depth < DEEP_ENOUGH => Condition::Not(Box::new(self.condition(depth + 1))),
            5..8 if depth < DEEP_ENOUGH => Condition::And(self.conditions(depth)),
            8..11 if depth < DEEP_ENOUGH => Condition::Or(self.conditions(depth)),
            _ => Condition::Atom(self.atom()),
        }
    }

    fn conditions(&mut self, depth: usize) -> Vec<Condition> {
        let count = self.byte() % 5;
        (0..count).map(|_| self.condition(depth + 1)).collect()
    }

    fn atom(&mut self) -> Atom {
        let choice = self.byte();
        let side = if choice & 0x80 == 0 { Side::Source } else { Side::Destination };
        match choice % 8 {
            0 => Atom::PortEq(side, self.port()),
            1 => Atom::PortGe(side, self.port()),
            2 => Atom::PortLe(side, self.port()),
            3 => Atom::Interface(u32::from(self.byte() % 3)),
            4 => Atom::Mark { mark: u32::from(self.byte() % 4), mask: u32::from(self.byte() % 4) },
            5 => Atom::Cgroup(u64::from(self.byte() % 3)),
            6 => Atom::AutoBound,
            _ => self.host(side),
        }
    }

    fn host(&mut self, side: Side) -> Atom {
        let choice = self.byte();
        let address = self.address(choice & 1 != 0);
        let bits = if address.is_ipv4() { 33 } else { 129 };
        let prefix = Prefix::new(address, self.byte() % bits).expect("within the address");
        let port = (choice & 2 != 0).then(|| self.port());
        Atom::Host(side, prefix, port)
    }
}
