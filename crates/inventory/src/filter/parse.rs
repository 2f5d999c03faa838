//! Tokens to a tree.
//!
//! ```text
//! filter = [states] or
//! or     = and { ("or" | "|" | "||") and }
//! and    = not { ["and" | "&" | "&&"] not }
//! not    = { "not" | "!" } primary
//! primary = "(" or ")" | states | "autobound" | FIELD [OPERATOR] VALUE
//! states = ("state" | "exclude") NAME { ("state" | "exclude") NAME }
//! ```

use super::{
    Filter, ServiceNames, StateSet, Test,
    error::{Fault, FilterError, shown},
    fields::{self, Field},
    token::{self, Kind, Operator, Token},
};

/// How deep parentheses and negations may nest, so that no text can exhaust the stack.
pub const MAX_DEPTH: usize = 128;

impl Filter {
    /// Reads a filter. Text without any test matches everything.
    ///
    /// ```
    /// use portreeve_inventory::filter::Filter;
    ///
    /// let services = |name: &str| (name == "https").then_some(443);
    /// let filter = Filter::parse("( sport = :https or dport=443 ) and state established", &services)?;
    /// assert_eq!(filter.to_string(), "(sport = :443 or dport = :443) and state established");
    /// # Ok::<(), portreeve_inventory::filter::FilterError>(())
    /// ```
    pub fn parse(text: &str, services: &dyn ServiceNames) -> Result<Self, FilterError> {
        parse(text, services).map_err(|fault| fault.within(text))
    }
}

fn parse(text: &str, services: &dyn ServiceNames) -> Result<Filter, Fault> {
    let tokens = token::tokens(text)?;
    if tokens.is_empty() {
        return Ok(Filter::everything());
    }
    let mut parser = Parser { tokens: &tokens, end: text.len(), services };
    let filter = parser.whole()?;
    match parser.peek() {
        None => Ok(filter),
        Some(Kind::Close) => {
            let help = "take it out, or put a ( where the group begins";
            Err(Fault::new(parser.at(), "this parenthesis closes nothing", help))
        }
        Some(_) => Err(parser.expected_test()),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    end: usize,
    services: &'a dyn ServiceNames,
}

impl<'a> Parser<'a> {
    /// States in front narrow the whole expression that follows, every branch of an `or` too: to `ss` they are no
    /// part of it. With a connective behind them they are a test as any other.
    fn whole(&mut self) -> Result<Filter, Fault> {
        let start = self.tokens;
        if matches!(self.peek(), Some(Kind::Word(word)) if is_state_keyword(word)) {
            let states = self.states()?;
            let joined = matches!(self.peek(), Some(Kind::Word(word)) if word.eq_ignore_ascii_case("and"));
            if self.begins_test() && !joined {
                return Ok(Filter::all_of([states, self.either(0)?]));
            }
            self.tokens = start;
        }
        self.either(0)
    }

    fn either(&mut self, depth: usize) -> Result<Filter, Fault> {
        let mut parts = vec![self.both(depth)?];
        while self.eat_connective(&Kind::Or, "or") {
            parts.push(self.both(depth)?);
        }
        Ok(Filter::any_of(parts))
    }

    fn both(&mut self, depth: usize) -> Result<Filter, Fault> {
        let mut parts = vec![self.negation(depth)?];
        while self.eat_connective(&Kind::And, "and") || self.begins_test() {
            parts.push(self.negation(depth)?);
        }
        Ok(Filter::all_of(parts))
    }

    fn negation(&mut self, depth: usize) -> Result<Filter, Fault> {
        let mut times = 0;
        while self.eat_connective(&Kind::Not, "not") {
            times += 1;
            self.check_depth(depth + times)?;
        }
        let mut filter = self.primary(depth + times)?;
        for _ in 0..times {
            filter = !filter;
        }
        Ok(filter)
    }

    fn primary(&mut self, depth: usize) -> Result<Filter, Fault> {
        match self.peek() {
            Some(Kind::Open) => self.group(depth),
            Some(Kind::Word(word)) if is_state_keyword(word) => self.states(),
            Some(Kind::Word(word)) if word.eq_ignore_ascii_case("autobound") => {
                self.next();
                Ok(Test::AutoBound.into())
            }
            Some(Kind::Word(word)) => match Field::named(word) {
                Some(field) => {
                    self.next();
                    self.field(field)
                }
                None => Err(self.expected_test()),
            },
            _ => Err(self.expected_test()),
        }
    }

    fn group(&mut self, depth: usize) -> Result<Filter, Fault> {
        let open = self.at();
        self.check_depth(depth + 1)?;
        self.next();
        let filter = self.either(depth + 1)?;
        if self.peek() == Some(&Kind::Close) {
            self.next();
            return Ok(filter);
        }
        if self.peek().is_some() {
            return Err(self.expected_test());
        }
        Err(Fault::new(open, "this parenthesis is never closed", "put a ) where the group ends"))
    }

    /// A run of `state` and `exclude` clauses. As in `ss`, the first `state` begins from nothing and the first
    /// `exclude` from everything, and each clause then adds to the set or takes from it.
    fn states(&mut self) -> Result<Filter, Fault> {
        let mut set: Option<StateSet> = None;
        while let Some(Kind::Word(word)) = self.peek() {
            if !is_state_keyword(word) {
                break;
            }
            let excludes = word.eq_ignore_ascii_case("exclude");
            self.next();
            let at = self.at();
            let name = self.value("the name of a state", "write, for example, state established")?;
            let named = fields::state_set(name).map_err(|fault| fault.moved(at))?;
            set = Some(if excludes {
                set.unwrap_or(StateSet::ALL).without(named)
            } else {
                set.unwrap_or(StateSet::EMPTY).union(named)
            });
        }
        Ok(Test::State(set.unwrap_or(StateSet::ALL)).into())
    }

    fn field(&mut self, field: Field) -> Result<Filter, Fault> {
        let at = self.at();
        let operator = self.operator().unwrap_or(Operator::Equal);
        let comparison = field.comparison(operator).map_err(|fault| fault.moved(at))?;
        let at = self.at();
        let quoted = usize::from(matches!(self.peek(), Some(Kind::Quoted(_))));
        let value =
            self.value(&format!("a value for `{}`", field.name()), &format!("write {}", field.example()))?;
        let test = field.test(comparison, value, self.services).map_err(|fault| fault.moved(at + quoted))?;
        let filter = Filter::from(test);
        Ok(if operator == Operator::NotEqual { !filter } else { filter })
    }

    fn operator(&mut self) -> Option<Operator> {
        let operator = match self.peek()? {
            Kind::Operator(operator) => *operator,
            Kind::Word(word) => Operator::from_word(word)?,
            _ => return None,
        };
        self.next();
        Some(operator)
    }

    fn value(&mut self, what: &str, help: &str) -> Result<&'a str, Fault> {
        let found = match self.peek() {
            Some(Kind::Quoted(value)) => {
                self.next();
                return Ok(value);
            }
            Some(Kind::Word(value)) if !is_connective(value) => {
                self.next();
                return Ok(value);
            }
            Some(Kind::Word(word)) => {
                let help = format!("{help}; a value that reads `{word}` must stand in quotation marks");
                return Err(Fault::new(self.at(), format!("expected {what}, found `{word}`"), help));
            }
            Some(_) => "a symbol; values with symbols in them must stand in quotation marks",
            None => "the end",
        };
        Err(Fault::new(self.at(), format!("expected {what}, found {found}"), help))
    }

    fn expected_test(&self) -> Fault {
        let fields = format!("write a test of one of: {}", Field::names());
        let (found, help) = match self.peek() {
            None => ("the end of the filter".to_owned(), fields),
            Some(Kind::Word(word) | Kind::Quoted(word)) => {
                let word = shown(word);
                let help = if word.starts_with(':') {
                    format!("to find a port at either end write: sport = {word} or dport = {word}")
                } else {
                    fields
                };
                (format!("`{word}`, which cannot be tested"), help)
            }
            Some(Kind::Operator(_)) => ("an operator without anything before it".to_owned(), fields),
            Some(Kind::Close) => ("a closing parenthesis".to_owned(), fields),
            Some(_) => ("`and` or `or` without anything before it".to_owned(), fields),
        };
        Fault::new(self.at(), format!("expected a test, found {found}"), help)
    }

    fn check_depth(&self, depth: usize) -> Result<(), Fault> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("parentheses and negations nest more than {MAX_DEPTH} levels deep");
        Err(Fault::new(self.at(), message, "take out the parentheses that group nothing"))
    }

    fn begins_test(&self) -> bool {
        match self.peek() {
            Some(Kind::Open | Kind::Not | Kind::Quoted(_)) => true,
            Some(Kind::Word(word)) => !word.eq_ignore_ascii_case("or"),
            _ => false,
        }
    }

    fn eat_connective(&mut self, symbol: &Kind, word: &str) -> bool {
        let found = match self.peek() {
            Some(Kind::Word(found)) => found.eq_ignore_ascii_case(word),
            Some(kind) => kind == symbol,
            None => false,
        };
        if found {
            self.next();
        }
        found
    }

    fn peek(&self) -> Option<&'a Kind> {
        self.tokens.first().map(|token| &token.kind)
    }

    fn at(&self) -> usize {
        self.tokens.first().map_or(self.end, |token| token.at)
    }

    fn next(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }
}

fn is_state_keyword(word: &str) -> bool {
    word.eq_ignore_ascii_case("state") || word.eq_ignore_ascii_case("exclude")
}

pub(super) fn is_connective(word: &str) -> bool {
    ["and", "or", "not"].iter().any(|connective| connective.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::{super::Filter, MAX_DEPTH};

    fn services(name: &str) -> Option<u16> {
        match name {
            "https" => Some(443),
            "ssh" => Some(22),
            _ => None,
        }
    }

    fn canonical(text: &str) -> String {
        Filter::parse(text, &services).unwrap_or_else(|error| panic!("{text}: {error}")).to_string()
    }

    #[test]
    fn what_ss_understands_is_understood() {
        for (text, expected) in [
            ("", "state all"),
            ("sport = :443", "sport = :443"),
            ("sport :443", "sport = :443"),
            ("sport 443", "sport = :443"),
            ("sport eq https", "sport = :443"),
            ("sport = *:443", "sport = :443"),
            ("sport>=:1024", "sport >= :1024"),
            ("sport geq 1024", "sport >= :1024"),
            ("dport lt 1024", "dport < :1024"),
            ("SPORT NEQ 22", "sport != :22"),
            ("!sport = 22", "sport != :22"),
            ("! ( dport = :ssh or sport = :ssh )", "not (dport = :22 or sport = :22)"),
            ("( dport = :ssh or sport = :ssh )", "dport = :22 or sport = :22"),
            ("sport 1 | sport 2 & sport 3", "sport = :1 or (sport = :2 and sport = :3)"),
            ("sport 1 || sport 2 && sport 3", "sport = :1 or (sport = :2 and sport = :3)"),
            ("sport 1 sport 2 or sport 3", "(sport = :1 and sport = :2) or sport = :3"),
            ("not sport 1 and sport 2", "sport != :1 and sport = :2"),
            ("src 127.0.0.1 or dst [::1]:443", "src = 127.0.0.1 or dst = [::1]:443"),
            ("src=127.0.0.1", "src = 127.0.0.1"),
            ("src != 10/8", "src != 10.0.0.0/8"),
            ("dev eth0", "dev = eth0"),
            ("ifname != 3", "dev != 3"),
            ("fwmark 1", "fwmark = 0x1"),
            ("mark = 0x01/0x03", "fwmark = 0x1/0x3"),
            ("cgroup /sys/fs/cgroup/user.slice", "cgroup = /user.slice"),
            ("not autobound", "not autobound"),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn states_in_front_narrow_every_branch() {
        for (text, meaning) in [
            ("state listening sport = :1 or sport = :2", "state listening and (sport = :1 or sport = :2)"),
            ("state listening and sport = :1 or sport = :2", "state listening and sport = :1 or sport = :2"),
            ("state listening or sport = :1", "state listening or sport = :1"),
            ("sport = :1 or sport = :2 state listening", "sport = :1 or sport = :2 and state listening"),
        ] {
            assert_eq!(canonical(text), canonical(meaning), "{text}");
        }
        let narrowed = canonical("state listening sport = :1 or sport = :2");
        assert_ne!(narrowed, canonical("state listening and sport = :1 or sport = :2"));
    }

    #[test]
    fn a_run_of_state_clauses_is_one_set() {
        for (text, expected) in [
            ("state established", "state established"),
            ("state ESTAB state LISTEN", "state established state listening"),
            (
                "state connected exclude time-wait",
                "exclude time-wait exclude closed exclude listening exclude bound-inactive",
            ),
            ("exclude listen", "exclude listening"),
            ("state all", "state all"),
            ("exclude all", "exclude all"),
            ("state listen and state established", "state listening and state established"),
            ("sport :22 exclude listening", "sport = :22 and exclude listening"),
            ("state established or sport = :80", "state established or sport = :80"),
            ("not state listening", "not state listening"),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn owners_are_tested_like_anything_else() {
        for (text, expected) in [
            ("process=nginx user!=root", "process = nginx and user != root"),
            ("process = '(sd-pam)'", "process = \"(sd-pam)\""),
            ("process = \"not\"", "process = \"not\""),
            ("process = eq", "process = eq"),
            ("unit = ssh* pid > 1", "unit = ssh* and pid > 1"),
            ("uid >= 1000 netns blue container = web", "uid >= 1000 and netns = blue and container = web"),
            ("ino 17", "inode = 17"),
        ] {
            assert_eq!(canonical(text), expected, "{text}");
        }
    }

    #[test]
    fn errors_say_where_what_and_how() {
        for (text, column, message, help) in [
            ("sport = :htps", 10, "`htps` is not a port", "number from 0 to 65535"),
            ("sport = :80 or", 15, "the end of the filter", "sport"),
            ("sport =", 8, "expected a value for `sport`, found the end", "sport = :443"),
            ("sport = not", 9, "expected a value", "quotation marks"),
            ("dst localhost", 5, "names are not looked up", "getent ahosts localhost"),
            ("src > 10.0.0.1", 5, "no order", "src 10.0.0.0/8:443"),
            ("port = 80", 1, "`port`, which cannot be tested", "sport"),
            (":443", 1, "`:443`", "sport = :443 or dport = :443"),
            ("(sport = :1", 1, "never closed", ")"),
            ("sport = :1)", 11, "closes nothing", "("),
            ("()", 2, "closing parenthesis", "test"),
            ("state", 6, "the name of a state", "state established"),
            ("state open", 7, "`open` is not a state", "established"),
            ("pid = x", 7, "not a number", "pid = 1"),
            ("fwmark = 1/x", 10, "not a mark", "0x1/0xff"),
            ("é = 1", 1, "`é`", "src"),
            ("process = 'é' é", 15, "`é`", "src"),
            ("process = 'a", 11, "never closed", "'"),
            ("or sport 1", 1, "`or`", "src"),
        ] {
            let error = Filter::parse(text, &services).unwrap_err();
            assert!(error.message.contains(message), "{text}: {}", error.message);
            assert!(error.help.contains(help), "{text}: {}", error.help);
            assert_eq!(error.column(), column, "{text}: {}", error.message);
        }
    }

    #[test]
    fn depth_is_limited_and_length_is_not() {
        let nested = |depth: usize| format!("{}sport 1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(Filter::parse(&nested(MAX_DEPTH), &services).is_ok());
        assert!(Filter::parse(&nested(MAX_DEPTH + 1), &services).unwrap_err().message.contains("nest"));
        assert!(Filter::parse(&nested(1_000_000), &services).unwrap_err().message.contains("nest"));
        assert!(Filter::parse(&"! ".repeat(1_000_000), &services).unwrap_err().message.contains("nest"));
        let long = vec!["sport = :1"; 200_000].join(" or ");
        let Filter::Or(parts) = Filter::parse(&long, &services).unwrap() else { panic!("not flat") };
        assert_eq!(parts.len(), 200_000);
    }
}
