//! Sets of socket states, and their names in the filter language.

use portreeve_model::State;

/// A set of states: bit n for the kernel's state n. States this build has no name for are in the set or out of it
/// together; bit 0, which no state has, stands for those beyond 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StateSet(u32);

impl StateSet {
    /// Every state, unknown ones included.
    pub const ALL: Self = Self(u32::MAX);
    /// No state.
    pub const EMPTY: Self = Self(0);

    /// The set of `states`, as far as they have names.
    pub fn of(states: &[State]) -> Self {
        let named = |state: &&State| State::NAMED.contains(state);
        Self(states.iter().filter(named).fold(0, |mask, state| mask | state.mask()))
    }

    /// The set that a name stands for: a state, or one of `all`, `connected`, `synchronized`, `bucket`, `big`.
    /// Case, `-` and `_` do not matter.
    pub fn named(name: &str) -> Option<Self> {
        let plain: String =
            name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
        let unconnected = Self::of(&[State::Unconnected, State::Listen, State::Bound]);
        let bucket = Self::of(&[State::TimeWait, State::SynRecv]);
        let state = match plain.as_str() {
            "all" => return Some(Self::ALL),
            "connected" => return Some(Self::ALL.without(unconnected)),
            "synchronized" => {
                return Some(Self::ALL.without(unconnected).without(Self::of(&[State::SynSent])));
            }
            "bucket" => return Some(bucket),
            "big" => return Some(Self::ALL.without(bucket)),
            "established" | "estab" => State::Established,
            "synsent" => State::SynSent,
            "synrecv" | "synrcv" | "synreceived" => State::SynRecv,
            "finwait1" => State::FinWait1,
            "finwait2" => State::FinWait2,
            "timewait" => State::TimeWait,
            "closed" | "close" | "unconnected" | "unconn" => State::Unconnected,
            "closewait" => State::CloseWait,
            "lastack" => State::LastAck,
            "listening" | "listen" => State::Listen,
            "closing" => State::Closing,
            "boundinactive" | "bound" => State::Bound,
            _ => return None,
        };
        Some(Self::of(&[state]))
    }

    /// Whether `state` is in the set.
    pub fn contains(self, state: State) -> bool {
        let bits = match state.mask() {
            0 => 1,
            mask => mask,
        };
        self.0 & bits != 0
    }

    /// In both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// In one of the sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// In this set and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Not in this set.
    #[must_use]
    pub const fn complement(self) -> Self {
        Self(!self.0)
    }

    /// The mask for a dump request (`idiag_states`).
    pub const fn mask(self) -> u32 {
        self.0
    }

    /// Whether states without a name are in the set.
    pub(super) fn has_unnamed(self) -> bool {
        self.0 & 1 != 0
    }
}

/// The name by which the filter language prints a state.
pub(super) fn name_of(state: State) -> &'static str {
    match state {
        State::Established => "established",
        State::SynSent => "syn-sent",
        State::SynRecv => "syn-recv",
        State::FinWait1 => "fin-wait-1",
        State::FinWait2 => "fin-wait-2",
        State::TimeWait => "time-wait",
        State::Unconnected => "closed",
        State::CloseWait => "close-wait",
        State::LastAck => "last-ack",
        State::Listen => "listening",
        State::Closing => "closing",
        State::Bound => "bound-inactive",
        State::Other(_) => "all",
    }
}

#[cfg(test)]
mod tests {
    use portreeve_model::State;

    use super::{StateSet, name_of};

    #[test]
    fn every_state_is_found_by_its_names() {
        for state in State::NAMED {
            for name in [name_of(state), state.name(), &name_of(state).to_uppercase()] {
                assert_eq!(StateSet::named(name), Some(StateSet::of(&[state])), "{name}");
            }
        }
        assert_eq!(StateSet::named("fin_wait1"), Some(StateSet::of(&[State::FinWait1])));
        assert_eq!(StateSet::named("establish"), None);
    }

    #[test]
    fn sets_are_those_of_the_manual() {
        let connected = StateSet::named("connected").unwrap();
        let synchronized = StateSet::named("synchronized").unwrap();
        let big = StateSet::named("big").unwrap();
        for state in State::NAMED {
            let idle = matches!(state, State::Unconnected | State::Listen | State::Bound);
            assert_eq!(connected.contains(state), !idle, "{state}");
            assert_eq!(synchronized.contains(state), !idle && state != State::SynSent, "{state}");
            assert_eq!(big.contains(state), !matches!(state, State::TimeWait | State::SynRecv), "{state}");
        }
    }

    #[test]
    fn states_without_a_name_are_in_all_and_in_complements() {
        for number in [0, 14, 31, 32, 255] {
            let state = State::from_kernel(number);
            assert!(StateSet::ALL.contains(state), "{number}");
            assert!(!StateSet::EMPTY.contains(state), "{number}");
            assert!(StateSet::named("listening").unwrap().complement().contains(state), "{number}");
        }
    }
}
