//! Assertions from the command line and from files.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use super::AssertArguments;
use crate::engine::{AssertQuery, Asserted, RulesFrom};
use crate::error::CommandError;

impl AssertArguments {
    /// What is asserted: first what the command line says, then the files in order.
    ///
    /// # Errors
    /// Where a file cannot be read, or nothing is asserted.
    pub fn query(&self, rules: RulesFrom) -> Result<AssertQuery, CommandError> {
        let mut assertions: Vec<Asserted> =
            self.assertions.iter().map(|text| Asserted { text: text.clone(), place: None }).collect();
        for file in &self.files {
            assertions.extend(of_text(file, &text_of(file)?));
        }
        if assertions.is_empty() {
            return Err(
                CommandError::usage("nothing is asserted").hint("such as: internet cannot reach tcp/5432")
            );
        }
        Ok(AssertQuery { rules, assertions })
    }
}

fn text_of(file: &Path) -> Result<String, CommandError> {
    let text = if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(file)
    };
    text.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => CommandError::usage(format!("there is no file {}", file.display())),
        _ => CommandError::usage(format!("cannot read {}", file.display())).caused_by(error),
    })
}

/// One assertion a line; what follows a `#` is a comment.
fn of_text(file: &Path, text: &str) -> Vec<Asserted> {
    let assertion = |(number, line): (usize, &str)| {
        let text = line.split('#').next().unwrap_or_default().trim();
        (!text.is_empty()).then(|| Asserted {
            text: text.to_owned(),
            place: Some(format!("{}:{}", file.display(), number + 1)),
        })
    };
    text.lines().enumerate().filter_map(assertion).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::of_text;

    #[test]
    fn a_file_has_one_assertion_a_line() {
        let text = "# databases\n\ninternet cannot reach tcp/5432 # ever\r\n  private can reach tcp/22\n";
        let assertions: Vec<(String, String)> = of_text(Path::new("p"), text)
            .into_iter()
            .map(|asserted| (asserted.text, asserted.place.unwrap()))
            .collect();
        assert_eq!(
            assertions,
            [
                ("internet cannot reach tcp/5432".to_owned(), "p:3".to_owned()),
                ("private can reach tcp/22".to_owned(), "p:4".to_owned())
            ]
        );
    }
}
