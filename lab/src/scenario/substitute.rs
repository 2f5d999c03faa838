//! `${...}` in the texts of a scenario.

use std::collections::BTreeMap;

/// Names that are known, and their values once they have one.
#[derive(Debug, Default)]
pub(crate) struct Substitutions {
    values: BTreeMap<String, String>,
}

impl Substitutions {
    pub(crate) fn set(&mut self, name: impl Into<String>, value: &(impl ToString + ?Sized)) {
        self.values.insert(name.into(), value.to_string());
    }

    /// `text` with every `${name}` replaced; an error names one that has no value.
    pub(crate) fn apply(&self, text: &str) -> Result<String, String> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, from_name)) = rest.split_once("${") {
            let Some((name, after)) = from_name.split_once('}') else { break };
            let value = self.values.get(name).ok_or_else(|| format!("`${{{name}}}` has no value here"))?;
            result.push_str(before);
            result.push_str(value);
            rest = after;
        }
        result.push_str(rest);
        Ok(result)
    }
}

/// Byte offset and name of every `${name}` outside of comments that take a whole line.
pub(crate) fn references(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim_start().starts_with('#') {
            let starts = line.match_indices("${");
            found.extend(starts.filter_map(|(start, _)| {
                let (name, _) = line.get(start + 2..)?.split_once('}')?;
                Some((offset + start, name))
            }));
        }
        offset += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_what_it_knows_and_names_what_it_does_not() {
        let mut known = Substitutions::default();
        known.set("pid:web", &7);
        assert_eq!(known.apply("a ${pid:web} b ${pid:web}"), Ok("a 7 b 7".into()));
        assert_eq!(known.apply("$5 {x} ${open"), Ok("$5 {x} ${open".into()));
        assert!(known.apply("${pid:other}").expect_err("unknown").contains("pid:other"));
    }

    #[test]
    fn references_have_their_place() {
        let text = "# ${no}\nrun = [\"${pid:a}\", \"${b}\"]\n";
        assert_eq!(references(text), [(16, "pid:a"), (28, "b")]);
    }
}
