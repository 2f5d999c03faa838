//! Cookies of one visit: without them, a page that first sets one and then sends the client on would look like a loop.

use crate::facts::http::Answer;

/// Names and values, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cookies(Vec<(String, String)>);

/// So many are kept.
const MOST: usize = 32;

impl Cookies {
    /// Takes those that an answer sets. Their scopes are not looked at: they live for one visit of one host.
    pub(super) fn take(&mut self, answer: &Answer) {
        let set = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        for (_, value) in set {
            let Some((name, value)) = value.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            if !is_plain(name) || !is_plain(value) {
                continue;
            }
            self.0.retain(|(known, _)| known != name);
            if self.0.len() < MOST {
                self.0.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The `Cookie` field.
    pub(super) fn field(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    /// The names, which tell whether anything new was set: a value may be new each time.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.iter().map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        names
    }
}

/// It can stand in a header field.
fn is_plain(text: &str) -> bool {
    text.len() <= 4096 && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::Cookies;
    use crate::facts::http::Answer;

    #[test]
    fn a_cookie_is_sent_back_and_a_new_value_replaces_the_old() {
        let set =
            |value: &str| Answer { headers: vec![("Set-Cookie".into(), value.into())], ..Answer::default() };
        let mut cookies = Cookies::default();
        cookies.take(&set("a=1; Path=/; HttpOnly"));
        cookies.take(&set("b=2"));
        cookies.take(&set("a=3"));
        cookies.take(&set("c=\u{7}"));
        assert_eq!(cookies.field(), "b=2; a=3");
        assert_eq!(cookies.names(), ["a", "b"]);
    }
}
