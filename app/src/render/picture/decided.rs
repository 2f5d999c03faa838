//! What decides about a lane, as far as the picture tells it.

use std::borrow::Cow;

use portreeve_model::exposure::Decision;
use portreeve_model::reach::{Chain, Decider, Rule};

/// The column of the picture in which something is decided.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// A hook, by its name.
    Hook(String),
    /// The host itself: routes, addresses, the socket.
    Host,
    /// On the answer's way back, at a hook or by the host itself.
    Back,
}

/// What decides. Two are equal where a reader would call them the same: the same rule text in the table of the same name for
/// IPv4 and IPv6 is one.
#[derive(Clone, Debug)]
pub(super) struct Decided {
    /// Where; `None` where nothing decides.
    pub(super) place: Option<Place>,
    /// Families of the tables.
    pub(super) families: Vec<String>,
    /// Table and chain, where it is a rule or a policy.
    pub(super) chain: Option<(String, String)>,
    /// The rule, the policy, or the sentence.
    pub(super) text: String,
    /// It is written in the rules' own language.
    pub(super) code: bool,
    /// The owner's name.
    pub(super) owner: Option<String>,
    /// Where exactly: `handle 12`, `rule 3`.
    pub(super) spot: Option<String>,
    /// The writer's comment, where the text does not hold it.
    pub(super) comment: Option<String>,
    /// A word that tells decisions of the host apart, whatever interface their sentence names.
    kind: String,
}

impl Decided {
    pub(super) fn new(decision: Option<&Decision>) -> Self {
        match decision {
            None | Some(Decision::NoRule) => Self::plain(None, "no-rule", "no rule denies it"),
            Some(Decision::Host { code, text }) => Self::plain(Some(Place::Host), code, text),
            Some(Decision::NoDoor { text }) => Self::plain(Some(Place::Host), text, text),
            Some(Decision::Reply { by }) => {
                let mut decided = Self::new(Some(by));
                decided.place = Some(Place::Back);
                decided
            }
            Some(Decision::Rules { by, hook, owner }) => {
                let place = Some(Place::Hook(hook.clone()));
                match by {
                    Decider::Rule(rule) => Self::rule(place, rule, owner),
                    Decider::Policy(chain) => Self::policy(place, chain, owner),
                }
            }
        }
    }

    /// What becomes of sources that no packet from outside has, whoever asks: one thing to a reader, whatever the reason.
    pub(super) fn impossible() -> Self {
        let text = "the host itself refuses its own and reserved addresses from outside";
        Self::plain(Some(Place::Host), "impossible", text)
    }

    fn plain(place: Option<Place>, kind: &str, text: &str) -> Self {
        Self {
            place,
            families: Vec::new(),
            chain: None,
            text: text.to_owned(),
            code: false,
            owner: None,
            spot: None,
            comment: None,
            kind: kind.to_owned(),
        }
    }

    fn rule(place: Option<Place>, rule: &Rule, owner: &str) -> Self {
        let spot = rule.handle.map_or_else(
            || format!("rule {}", rule.position),
            |handle| format!("rule {}, handle {handle}", rule.position),
        );
        Self {
            families: vec![rule.family.clone()],
            chain: Some((rule.table.clone(), rule.chain.clone())),
            code: true,
            owner: Some(owner.to_owned()),
            spot: Some(spot),
            comment: rule.comment.clone().filter(|comment| !rule.text.contains(comment.as_str())),
            ..Self::plain(place, &rule.backend, &rule.text)
        }
    }

    fn policy(place: Option<Place>, chain: &Chain, owner: &str) -> Self {
        let policy = chain.base.as_ref().map_or("", |base| base.policy.as_str());
        Self {
            families: vec![chain.family.clone()],
            chain: Some((chain.table.clone(), chain.name.clone())),
            owner: Some(owner.to_owned()),
            ..Self::plain(place, &chain.backend, &format!("policy {policy}"))
        }
    }

    /// The host's own decisions are told apart by their kind: their sentence names the interface.
    fn is_by_kind(&self) -> bool {
        self.place == Some(Place::Host) && self.chain.is_none()
    }

    /// Takes over what another equal decision says more.
    pub(super) fn join(&mut self, other: &Self) {
        for family in &other.families {
            if !self.families.contains(family) {
                self.families.push(family.clone());
                self.spot = None;
            }
        }
        if self.spot != other.spot {
            self.spot = None;
        }
    }

    /// The chain with families and table: `ip+ip6 filter INPUT`.
    pub(super) fn chain_name(&self) -> Option<String> {
        let (table, chain) = self.chain.as_ref()?;
        Some(format!("{} {table} {chain}", self.families.join("+")))
    }

    /// What stands in the mark on the lane.
    pub(super) fn mark(&self) -> Cow<'_, str> {
        match &self.chain {
            Some((table, chain)) => Cow::Owned(format!("{table} {chain}")),
            None => Cow::Borrowed("the host itself"),
        }
    }
}

impl PartialEq for Decided {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place
            && self.chain == other.chain
            && self.kind == other.kind
            && self.owner == other.owner
            && (self.is_by_kind() || self.text == other.text)
    }
}
