//! Whose order decides over suites: the suites that were found, offered in another order.

use portreeve_model::tls::Order;
use portreeve_wire::tls::Suite;

/// One or two questions about suites in the order in which they were chosen.
#[derive(Clone, Debug)]
pub(super) struct Preference {
    found: Vec<Suite>,
    asked: Vec<Suite>,
    chacha_first: bool,
    questions: u8,
    order: Option<Order>,
    /// How it came out the first time, where that is asked twice.
    confirm: Confirm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Confirm {
    No,
    Once,
    As(Order),
}

impl Preference {
    /// About these suites, the server's first choice first. The choices were made while `ChaCha20` was offered last.
    pub(super) fn new(found: &[Suite]) -> Self {
        let order = (found.len() < 2).then_some(Order::Unknown);
        Self {
            found: found.to_vec(),
            asked: Vec::new(),
            chacha_first: false,
            questions: 0,
            order,
            confirm: Confirm::No,
        }
    }

    /// The same, asked twice: for servers that may be several.
    pub(super) fn twice(found: &[Suite]) -> Self {
        Self { confirm: Confirm::Once, ..Self::new(found) }
    }

    /// What is to be offered next.
    pub(super) fn question(&mut self) -> Option<Vec<Suite>> {
        if self.order.is_some() {
            return None;
        }
        let (chacha, other): (Vec<Suite>, Vec<Suite>) =
            self.found.iter().rev().copied().partition(|suite| is_chacha(*suite));
        let top_is_chacha = self.found.first().is_some_and(|suite| is_chacha(*suite));
        self.chacha_first = self.questions == 0 && !chacha.is_empty() && !top_is_chacha;
        self.questions += 1;
        self.asked = if self.chacha_first {
            [chacha, other].concat()
        } else if top_is_chacha {
            self.found.iter().rev().copied().collect()
        } else {
            [other, chacha].concat()
        };
        Some(self.asked.clone())
    }

    /// The server chose this one; none refused what it takes one by one.
    pub(super) fn answer(&mut self, chosen: Option<Suite>) {
        self.order = match chosen {
            Some(suite) if self.found.first() == Some(&suite) => {
                Some(if self.questions > 1 { Order::ServerUnlessChacha } else { Order::Server })
            }
            Some(suite) if self.asked.first() == Some(&suite) && self.chacha_first => {
                let others = self.found.iter().filter(|suite| !is_chacha(**suite)).count();
                // With one other suite a server that puts ChaCha20 first for those who do can not be told from one without an order.
                (others < 2).then_some(Order::Client)
            }
            Some(suite) if self.asked.first() == Some(&suite) => Some(Order::Client),
            _ => Some(Order::Mixed),
        };
        match (self.confirm, self.order) {
            (Confirm::Once, Some(order)) if order != Order::Mixed => {
                self.confirm = Confirm::As(order);
                (self.order, self.questions) = (None, 0);
            }
            (Confirm::As(before), Some(order)) if order != before => self.order = Some(Order::Mixed),
            _ => {}
        }
    }

    /// Nothing can be concluded.
    pub(super) fn give_up(&mut self) {
        self.order = Some(Order::Unknown);
    }

    /// Whether nothing more is to be asked.
    pub(super) fn is_done(&self) -> bool {
        self.order.is_some()
    }

    /// Whose order it is.
    pub(super) fn order(&self) -> Order {
        self.order.unwrap_or(Order::Unknown)
    }
}

/// Whether a suite encrypts with `ChaCha20`.
pub(super) fn is_chacha(suite: Suite) -> bool {
    suite.name().is_some_and(|name| name.contains("CHACHA20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AES256: Suite = Suite(0xc030);
    const CHACHA: Suite = Suite(0xcca8);
    const AES128: Suite = Suite(0xc02f);

    fn order_of(found: &[Suite], server: impl Fn(&[Suite]) -> Option<Suite>) -> Order {
        let mut preference = Preference::new(found);
        let mut questions = 0;
        while let Some(offered) = preference.question() {
            questions += 1;
            assert!(questions < 3);
            preference.answer(server(&offered));
        }
        preference.order()
    }

    #[test]
    fn orders_are_told_apart() {
        let by = |own: &'static [Suite]| {
            move |offered: &[Suite]| own.iter().find(|one| offered.contains(one)).copied()
        };
        let servers = by(&[AES256, CHACHA, AES128]);
        assert_eq!(order_of(&[AES256, CHACHA, AES128], servers), Order::Server);
        assert_eq!(order_of(&[CHACHA, AES128], by(&[CHACHA, AES128])), Order::Server);
        let clients = |offered: &[Suite]| offered.first().copied();
        assert_eq!(order_of(&[AES256, AES128, CHACHA], clients), Order::Client);
        assert_eq!(order_of(&[AES256, AES128], clients), Order::Client);
        let prioritises = |offered: &[Suite]| match offered.first() {
            Some(&CHACHA) => Some(CHACHA),
            _ => servers(offered),
        };
        assert_eq!(order_of(&[AES256, CHACHA, AES128], prioritises), Order::ServerUnlessChacha);
        assert_eq!(order_of(&[AES256, AES128], |_| None), Order::Mixed);
        assert_eq!(order_of(&[AES256], |_| None), Order::Unknown);
    }
}
