//! The words of `--packet`: errors point at a character, and what is understood survives printing and reading.

use portreeve_firewall::packet::parse;

/// Reads a packet.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let services = |name: &str, _: u8| (name == "https").then_some(443);
    match parse(text, &services) {
        Ok(asked) => {
            if let Some(question) = asked.question() {
                let printed = question.to_string();
                let again = parse(&printed, &services).map(|asked| asked.question().cloned());
                assert_eq!(again, Ok(Some(question.clone())), "{printed}");
            }
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.offset));
            assert!(!error.help.is_empty());
        }
    }
}
