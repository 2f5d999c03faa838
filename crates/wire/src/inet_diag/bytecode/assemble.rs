//! From a condition to bytes, as short-circuit code.
//!
//! Every operation's `yes` is its own length, so execution falls through where it holds, and `yes` (one byte) can
//! never be too small. Its `no` (two bytes) carries all jumps. The audit demands that jumps go forward, to the start
//! of an operation, to the end (accept), or 4 bytes past the end (reject); the order of emission gives the first,
//! and the equality of `yes` and length the second. Two bytes bound the program's size; see [`MAX_LEN`].

use std::net::IpAddr;

use super::{
    condition::{Atom, Condition, Prefix, Side},
    op::{Code, OP_LEN},
};

/// Nesting the assembler follows: deeper trees are refused, so that foreign input cannot exhaust the stack.
pub const MAX_DEPTH: usize = 256;

/// A rejecting jump from the first operation spans the program and 4 bytes, and must fit `u16` as a multiple of 4.
/// An attribute could hold no more than 65,531 bytes either.
const MAX_LEN: usize = 65_528;

/// Why a condition has no program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AssembleError {
    /// The program would be longer than its jumps can span.
    #[error("the filter is too large for the kernel: more than {MAX_LEN} bytes of bytecode")]
    TooLarge,
    /// The condition is nested deeper than [`MAX_DEPTH`].
    #[error("the filter is nested more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

/// A program the kernel accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program(Vec<u8>);

impl Program {
    /// The program for `condition`.
    pub fn assemble(condition: &Condition) -> Result<Self, AssembleError> {
        let mut assembler = Assembler::default();
        assembler.condition(condition, Exits { yes: ACCEPT, no: REJECT, next: ACCEPT }, 0)?;
        if assembler.bytes.is_empty() {
            // The audit refuses an empty program.
            assembler.operation(Code::Nop, &[], ACCEPT)?;
        }
        assembler.linked()
    }

    /// The bytes, for the attribute `INET_DIAG_REQ_BYTECODE`.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A place to jump to: 0 accepts, 1 rejects, others are inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Label(usize);

const ACCEPT: Label = Label(0);
const REJECT: Label = Label(1);

/// Where to go on from a condition, and which place comes right after it.
#[derive(Debug, Clone, Copy)]
struct Exits {
    yes: Label,
    no: Label,
    next: Label,
}

#[derive(Debug)]
struct Assembler {
    bytes: Vec<u8>,
    /// Start of an operation and the label its `no` shall reach.
    jumps: Vec<(usize, Label)>,
    /// Offset of each label, once known.
    places: Vec<Option<usize>>,
}

impl Default for Assembler {
    fn default() -> Self {
        Self { bytes: Vec::new(), jumps: Vec::new(), places: vec![None; 2] }
    }
}

impl Assembler {
    fn condition(&mut self, condition: &Condition, exits: Exits, depth: usize) -> Result<(), AssembleError> {
        if depth > MAX_DEPTH {
            return Err(AssembleError::TooDeep);
        }
        match condition {
            Condition::All => self.jump_unless_next(exits.yes, exits.next),
            Condition::None => self.jump_unless_next(exits.no, exits.next),
            Condition::Not(inner) => {
                self.condition(inner, Exits { yes: exits.no, no: exits.yes, next: exits.next }, depth + 1)
            }
            Condition::And(all) => self.sequence(all, exits, Continue::OnYes, depth),
            Condition::Or(any) => self.sequence(any, exits, Continue::OnNo, depth),
            Condition::Atom(atom) => {
                self.atom(atom, exits.no)?;
                self.jump_unless_next(exits.yes, exits.next)
            }
        }
    }

    fn sequence(
        &mut self,
        parts: &[Condition],
        exits: Exits,
        go_on: Continue,
        depth: usize,
    ) -> Result<(), AssembleError> {
        let Some((last, init)) = parts.split_last() else {
            let outcome = if go_on == Continue::OnYes { exits.yes } else { exits.no };
            return self.jump_unless_next(outcome, exits.next);
        };
        for part in init {
            let after = self.label();
            let (yes, no) = match go_on {
                Continue::OnYes => (after, exits.no),
                Continue::OnNo => (exits.yes, after),
            };
            self.condition(part, Exits { yes, no, next: after }, depth + 1)?;
            self.place(after);
        }
        self.condition(last, exits, depth + 1)
    }

    fn atom(&mut self, atom: &Atom, no: Label) -> Result<(), AssembleError> {
        match *atom {
            Atom::PortEq(side, port) => {
                self.port(by_side(side, Code::SourceEq, Code::DestinationEq), port, no)
            }
            Atom::PortGe(side, port) => {
                self.port(by_side(side, Code::SourceGe, Code::DestinationGe), port, no)
            }
            Atom::PortLe(side, port) => {
                self.port(by_side(side, Code::SourceLe, Code::DestinationLe), port, no)
            }
            Atom::Host(side, prefix, port) => {
                let code = by_side(side, Code::SourceCond, Code::DestinationCond);
                self.operation(code, &host_condition(prefix, port), no)
            }
            Atom::Interface(index) => self.operation(Code::DeviceCond, &index.to_ne_bytes(), no),
            Atom::Mark { mark, mask } => {
                let argument = [mark.to_ne_bytes(), mask.to_ne_bytes()].concat();
                self.operation(Code::MarkCond, &argument, no)
            }
            Atom::Cgroup(id) => self.operation(Code::CgroupCond, &id.to_ne_bytes(), no),
            Atom::AutoBound => self.operation(Code::Auto, &[], no),
        }
    }

    /// A port comparison: the port sits in the `no` of a second operation.
    fn port(&mut self, code: Code, port: u16, no: Label) -> Result<(), AssembleError> {
        let [low, high] = port.to_ne_bytes();
        self.operation(code, &[0, 0, low, high], no)
    }

    fn jump_unless_next(&mut self, to: Label, next: Label) -> Result<(), AssembleError> {
        if to == next { Ok(()) } else { self.operation(Code::Jump, &[], to) }
    }

    fn operation(&mut self, code: Code, argument: &[u8], no: Label) -> Result<(), AssembleError> {
        let start = self.bytes.len();
        let length = OP_LEN + argument.len();
        if start + length > MAX_LEN {
            return Err(AssembleError::TooLarge);
        }
        let yes = u8::try_from(length).map_err(|_| AssembleError::TooLarge)?;
        self.bytes.extend_from_slice(&[code.value(), yes, 0, 0]);
        self.bytes.extend_from_slice(argument);
        self.jumps.push((start, no));
        Ok(())
    }

    fn label(&mut self) -> Label {
        self.places.push(None);
        Label(self.places.len() - 1)
    }

    fn place(&mut self, label: Label) {
        if let Some(place) = self.places.get_mut(label.0) {
            *place = Some(self.bytes.len());
        }
    }

    fn linked(mut self) -> Result<Program, AssembleError> {
        let end = self.bytes.len();
        for (start, label) in std::mem::take(&mut self.jumps) {
            let target = match label {
                ACCEPT => end,
                REJECT => end + OP_LEN,
                Label(index) => self.places.get(index).copied().flatten().unwrap_or(end),
            };
            let no = target
                .checked_sub(start)
                .and_then(|distance| u16::try_from(distance).ok())
                .ok_or(AssembleError::TooLarge)?;
            for (slot, byte) in self.bytes.iter_mut().skip(start + 2).zip(no.to_ne_bytes()) {
                *slot = byte;
            }
        }
        Ok(Program(self.bytes))
    }
}

/// Which outcome of a part leads to the next part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Continue {
    OnYes,
    OnNo,
}

const fn by_side(side: Side, source: Code, destination: Code) -> Code {
    match side {
        Side::Source => source,
        Side::Destination => destination,
    }
}

/// `struct inet_diag_hostcond`: family, prefix length, two bytes of padding, port (-1 for any), address.
fn host_condition(prefix: Prefix, port: Option<u16>) -> Vec<u8> {
    let family = match prefix.address() {
        IpAddr::V4(_) => crate::sock_diag::AddressFamily::Inet,
        IpAddr::V6(_) => crate::sock_diag::AddressFamily::Inet6,
    };
    let mut bytes = vec![family.value(), prefix.len(), 0, 0];
    bytes.extend_from_slice(&port.map_or(-1, i32::from).to_ne_bytes());
    match prefix.address() {
        IpAddr::V4(address) => bytes.extend_from_slice(&address.octets()),
        IpAddr::V6(address) => bytes.extend_from_slice(&address.octets()),
    }
    bytes
}
