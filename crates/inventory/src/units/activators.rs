//! Programs other than systemd that hold listeners for services not yet started.

use portreeve_model::listener::Activation;

/// What a process is an activator for, from its name (`comm`) and command line: `systemd-socket-activate` (man 1) and
/// the inetd family, whose settings tell the rest ([`super::InetdServices`]).
pub fn activator_of<S: AsRef<str>>(name: &str, command_line: &[S]) -> Option<Activation> {
    let mut words = command_line.iter().map(AsRef::as_ref);
    let program = words.next().map_or(name, |word| word.rsplit('/').next().unwrap_or(word));
    match program {
        "systemd-socket-activate" => {
            let command = command_after_options(words);
            let starts = (!command.is_empty()).then(|| command.join(" ").into());
            Some(Activation { socket_unit: program.into(), starts })
        }
        "inetd" | "openbsd-inetd" | "inetutils-inetd" | "xinetd" | "rlinetd" => {
            Some(Activation { socket_unit: program.into(), starts: None })
        }
        _ => None,
    }
}

/// The words after the options. Options end at the first word that is none, as getopt does with a leading `+`.
fn command_after_options<'a>(words: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut words = words.peekable();
    while let Some(option) = words.next_if(|word| word.starts_with('-') && *word != "-") {
        if option == "--" {
            break;
        }
        if takes_next_word(option) {
            words.next();
        }
    }
    words.collect()
}

/// Whether the option's value is the next word: `--listen 80`, `-l 80`, `-al 80`, but not `--listen=80` and `-l80`.
fn takes_next_word(option: &str) -> bool {
    match option.strip_prefix("--") {
        Some(long) => matches!(long, "listen" | "setenv" | "environment" | "fdname"),
        None => option.find(['l', 'E']).is_some_and(|at| at + 1 == option.len()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(line: &str) -> Option<(String, Option<String>)> {
        let words: Vec<&str> = line.split(' ').collect();
        activator_of("systemd-socket-", &words)
            .map(|found| (found.socket_unit.to_string(), found.starts.map(|starts| starts.to_string())))
    }

    #[test]
    fn socket_activate_tells_what_it_will_start() {
        for options in [
            "-l 8080",
            "-l8080",
            "--listen 8080",
            "--listen=8080",
            "-d -l 127.0.0.1:53 --fdname=dns:dns-tcp",
            "-al 8080 --inetd",
            "-a -E A=1 --setenv B=2 --fdname web -l 1 -l 2",
            "-l 8080 --",
            "--seqpacket -l /run/x --accept",
        ] {
            let found = of(&format!("/usr/bin/systemd-socket-activate {options} /usr/bin/nginx -g x"));
            let expected = ("systemd-socket-activate".to_owned(), Some("/usr/bin/nginx -g x".to_owned()));
            assert_eq!(found, Some(expected), "{options}");
        }
        assert_eq!(of("systemd-socket-activate -l"), Some(("systemd-socket-activate".into(), None)));
    }

    #[test]
    fn the_inetd_family_is_known_by_name() {
        assert_eq!(of("/usr/sbin/inetd -i"), Some(("inetd".into(), None)));
        assert_eq!(of("/usr/sbin/xinetd -stayalive"), Some(("xinetd".into(), None)));
        assert!(activator_of::<&str>("inetd", &[]).is_some());
    }

    #[test]
    fn others_are_no_activators() {
        for line in [
            "",
            "/lib/systemd/systemd-socket-proxyd 127.0.0.1:80",
            "/usr/sbin/sshd -D",
            "bash systemd-socket-activate",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_words_are_survived(words in prop::collection::vec("\\PC{0,8}|-{1,2}[lEad]?", 0..8)) {
            let mut line = vec!["systemd-socket-activate".to_owned()];
            line.extend(words);
            let _ = activator_of("", &line);
        }
    }
}
