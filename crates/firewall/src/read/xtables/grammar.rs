//! A rule's words sorted into matches and target, by the number of values that each option takes.
//!
//! Values are not read here. An option that the extension is not known to have takes the words up to the next option, so that
//! only this extension is lost to the reader.

use super::options::{self, Arity};
use super::words::{Word, quoted};

/// An option and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// With its hyphens, by its first name (`--sport`, not `--source-port`).
    pub(super) name: String,
    /// `!` stood before it, or (older files) before its value.
    pub(super) negated: bool,
    /// Its values.
    pub(super) values: Vec<String>,
}

/// An extension and its options: `-m NAME ...` or `-j NAME ...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Extension {
    /// Its name.
    pub(super) name: String,
    /// Its options, in order.
    pub(super) choices: Vec<Choice>,
    /// Words that fit nowhere: the extension was not understood.
    pub(super) stray: bool,
}

/// A rule, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sorted {
    /// `-s`, `-d`, `-i`, `-o`, `-p`, `-f`, and what could not be understood.
    pub(super) header: Vec<Choice>,
    /// Matches, in order.
    pub(super) matches: Vec<Extension>,
    /// `-j` or `-g`.
    pub(super) target: Option<Target>,
}

/// `-j NAME ...`, or `-g NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Name and options.
    pub(super) extension: Extension,
    /// Written as `-g`.
    pub(super) goto: bool,
}

impl Choice {
    /// Its value, where it has exactly one.
    pub(super) fn value(&self) -> Option<&str> {
        match self.values.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        if self.negated {
            out.push_str(" !");
        }
        out.push(' ');
        out.push_str(&self.name);
        for value in &self.values {
            out.push(' ');
            out.push_str(&quoted(value));
        }
    }
}

impl Extension {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), choices: Vec::new(), stray: false }
    }

    /// As a save file would hold it, behind `flag` (`-m`, `-j`, `-g`).
    pub(super) fn text(&self, flag: &str) -> String {
        let mut out = format!("{flag} {}", quoted(&self.name));
        self.choices.iter().for_each(|choice| choice.write(&mut out));
        out
    }

    /// The only option of that name.
    pub(super) fn choice(&self, name: &str) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.name == name)
    }

    /// Whether the option is there, not negated.
    pub(super) fn has(&self, name: &str) -> bool {
        self.choice(name).is_some_and(|choice| !choice.negated)
    }

    /// The value of the option of that name, which is not negated.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.choice(name).filter(|choice| !choice.negated).and_then(Choice::value)
    }

    /// Whether every option is one of these.
    pub(super) fn only(&self, names: &[&str]) -> bool {
        !self.stray && self.choices.iter().all(|choice| names.contains(&choice.name.as_str()))
    }
}

/// Where an option belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Header,
    Match(usize),
    Target,
}

/// Sorts the words after `-A CHAIN`.
pub(super) fn sort(words: &[Word]) -> Sorted {
    let mut sorted = Sorted::default();
    let mut place = Place::Header;
    let mut negated = false;
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        if is_negation(word) {
            negated = true;
            continue;
        }
        let mut choice =
            Choice { name: word.text.clone(), negated: std::mem::take(&mut negated), values: Vec::new() };
        if !is_option(word) {
            stray(&mut sorted, place, choice);
            continue;
        }
        if let Some((name, value)) = word.text.split_once('=') {
            choice.values.push(value.to_owned());
            name.clone_into(&mut choice.name);
        }
        let (found, arity) = resolve(&mut sorted, place, &mut choice.name);
        if arity != Arity::None && rest.next_if(|next| is_negation(next)).is_some() {
            choice.negated = true;
        }
        if choice.values.is_empty() {
            take(&mut choice.values, arity, &mut rest);
        }
        place = put(&mut sorted, found, choice);
    }
    sorted
}

fn is_negation(word: &Word) -> bool {
    word.text == "!" && !word.quoted
}

/// Options are one hyphen and a letter or a digit, or two hyphens and a name.
fn is_option(word: &Word) -> bool {
    !word.quoted && word.text.len() > 1 && word.text.starts_with('-')
}

/// The place an option belongs to, and how many values it takes: the extension that is being read, one of those before it, the
/// rule's head, or the match that `-p` loads by itself (`iptables/xshared.c`: `load_proto`).
fn resolve(sorted: &mut Sorted, place: Place, name: &mut String) -> (Place, Arity) {
    let matches = (0..sorted.matches.len()).rev().map(Place::Match);
    for candidate in std::iter::once(place).chain(matches).chain([Place::Target]) {
        let known = match candidate {
            Place::Header => None,
            Place::Match(index) => {
                sorted.matches.get(index).and_then(|extension| options::of_match(&extension.name, name))
            }
            Place::Target => {
                sorted.target.as_ref().and_then(|target| options::of_target(&target.extension.name, name))
            }
        };
        if let Some((first, arity)) = known {
            first.clone_into(name);
            return (candidate, arity);
        }
    }
    if let Some((first, arity)) = options::of_header(name) {
        first.clone_into(name);
        return (Place::Header, arity);
    }
    let protocol = sorted.header.iter().find(|choice| choice.name == "-p" && !choice.negated);
    if let Some(implied) = protocol.and_then(Choice::value).and_then(options::implied_match)
        && let Some((first, arity)) = options::of_match(implied, name)
    {
        first.clone_into(name);
        sorted.matches.push(Extension::new(implied));
        return (Place::Match(sorted.matches.len() - 1), arity);
    }
    (place, Arity::Open)
}

/// Takes the values of an option.
fn take<'a>(
    values: &mut Vec<String>,
    arity: Arity,
    rest: &mut std::iter::Peekable<impl Iterator<Item = &'a Word>>,
) {
    let most = match arity {
        Arity::None => 0,
        Arity::One => 1,
        Arity::Two => 2,
        Arity::Open => usize::MAX,
    };
    while values.len() < most {
        let Some(word) =
            rest.next_if(|word| arity != Arity::Open || (!is_option(word) && !is_negation(word)))
        else {
            return;
        };
        values.push(word.text.clone());
    }
}

/// Puts an option in its place; answers with the place that later options belong to.
fn put(sorted: &mut Sorted, place: Place, choice: Choice) -> Place {
    match place {
        Place::Header => match (choice.name.as_str(), choice.value()) {
            ("-m", Some(name)) if !choice.negated => {
                sorted.matches.push(Extension::new(name));
                return Place::Match(sorted.matches.len() - 1);
            }
            ("-j" | "-g", Some(name)) if !choice.negated && sorted.target.is_none() => {
                sorted.target = Some(Target { extension: Extension::new(name), goto: choice.name == "-g" });
                return Place::Target;
            }
            _ => sorted.header.push(choice),
        },
        Place::Match(index) => {
            if let Some(extension) = sorted.matches.get_mut(index) {
                extension.choices.push(choice);
            }
        }
        Place::Target => {
            if let Some(target) = &mut sorted.target {
                target.extension.choices.push(choice);
            }
        }
    }
    place
}

/// A word that is no option's value.
fn stray(sorted: &mut Sorted, place: Place, choice: Choice) {
    let extension = match place {
        Place::Header => None,
        Place::Match(index) => sorted.matches.get_mut(index),
        Place::Target => sorted.target.as_mut().map(|target| &mut target.extension),
    };
    match extension {
        Some(extension) => {
            extension.stray = true;
            extension.choices.push(choice);
        }
        None => sorted.header.push(choice),
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::split;
    use super::{Sorted, sort};

    fn sorted(line: &str) -> Sorted {
        sort(&split(line).unwrap())
    }

    #[test]
    fn values_are_taken_by_number_even_where_they_look_like_options() {
        let rule = sorted(
            "! -i eth0 -p tcp -m comment --comment -j -m tcp ! --tcp-flags FIN,SYN SYN -j REJECT --reject-with tcp-reset",
        );
        assert!(rule.header[0].negated);
        assert_eq!(rule.matches[0].value("--comment"), Some("-j"));
        assert_eq!(rule.matches[1].choices[0].values, ["FIN,SYN", "SYN"]);
        assert!(rule.matches[1].choices[0].negated);
        assert_eq!(rule.target.unwrap().extension.value("--reject-with"), Some("tcp-reset"));
    }

    #[test]
    fn a_protocol_loads_its_match_and_order_is_free() {
        let rule = sorted("-j DROP -m state --state NEW -p tcp --destination-port ! 22");
        assert_eq!(rule.matches[1].name, "tcp");
        assert_eq!(rule.matches[1].choices[0].name, "--dport");
        assert!(rule.matches[1].choices[0].negated);
        assert!(!rule.target.unwrap().goto);
    }

    #[test]
    fn an_unknown_extension_ends_where_the_next_begins() {
        let rule = sorted("-m wonder --some a b --flag -m mark --mark 1 -j NEW --thing 1");
        assert_eq!(rule.matches[0].text("-m"), "-m wonder --some a b --flag");
        assert_eq!(rule.matches[1].text("-m"), "-m mark --mark 1");
        assert_eq!(rule.target.unwrap().extension.text("-j"), "-j NEW --thing 1");
    }
}
