//! What all readers have in common: text is survived, includes end.

use std::sync::Arc;

use proptest::prelude::*;

use super::block::{DEEPEST, Origin};
use super::loader::Depth;
use super::{Mains, apache, caddy, every, haproxy, lines, nginx, read};
use crate::facts::service::Language;
use crate::look::tree::{Tree, written};

/// A text of no file in particular.
pub(super) fn origin() -> Origin {
    Origin { file: Arc::from("/x"), folder: Arc::from("/") }
}

#[test]
fn files_that_include_themselves_end() {
    for (language, text) in [
        (Language::Nginx, "listen 1; include a; include a; b { include a; }"),
        (Language::Apache, "Listen 1\nInclude a\nInclude a\n<VirtualHost x>\nInclude a\n</VirtualHost>"),
        (Language::Caddy, "import a\na {\nimport a\nimport a\n}\n"),
        (Language::None, "listen 1\ninclude a\ninclude a\n"),
    ] {
        let root = written(&[("a", text)]);
        let mains = Mains { files: vec!["/a".into()], ..Mains::default() };
        let configuration = read(language, &mains, &Tree::below(root.path()));
        let found = every(&configuration.directives).len();
        assert!((1..=1_000).contains(&found), "{language:?}: {found}");
    }
}

#[test]
fn included_files_stand_in_their_places() {
    let root = written(&[
        ("etc/main", "a 1;\ninclude sub/*.conf;\nb { include 'sub/x'; }\nd 1;"),
        ("etc/sub/1.conf", "c 1;"),
        ("etc/sub/2.conf", "c 2;\n"),
        ("etc/sub/x", "include sub/y; c 3;"),
        ("etc/sub/y", "c 4;"),
    ]);
    let mains = Mains { files: vec!["/etc/main".into(), "/etc/none".into()], ..Mains::default() };
    let configuration = read(Language::Nginx, &mains, &Tree::below(root.path()));
    let told: Vec<_> = every(&configuration.directives).iter().map(|one| one.text.clone()).collect();
    assert_eq!(told, ["a 1;", "c 1;", "c 2;", "b {", "c 4;", "c 3;", "d 1;"]);
    assert_eq!(configuration.files, ["/etc/main"]);
    let inner = &configuration.directives[3].block[0];
    assert_eq!((&*inner.file, inner.path("z")), ("/etc/sub/y", "/etc/z".to_owned()));
}

#[test]
fn a_file_of_single_lines_is_read_once() {
    let root = written(&[
        ("etc/main", "Include /etc/sub/*.conf \"/etc/sub/2.conf\"\nPort 22\n"),
        ("etc/sub/1.conf", "Port 23 # more\n;Port 24\n"),
        ("etc/sub/2.conf", "cert = \"/x\"\n"),
    ]);
    let mains = Mains { files: vec!["/etc/main".into(), "/etc/sub/*".into()], ..Mains::default() };
    let configuration = read(Language::None, &mains, &Tree::below(root.path()));
    let told: Vec<_> = configuration.directives.iter().map(|one| one.words.join("|")).collect();
    assert_eq!(told, ["Port|23|#|more", "cert|/x", "Port|22"]);
    assert_eq!(configuration.directives[1].text, "cert = \"/x\"");
}

proptest! {
    #[test]
    fn any_text_is_survived(text in "[a-z<>/${}\"'`#;,\\\\ \n]{0,200}") {
        let origin = origin();
        for directives in [
            nginx::parse(&text, &origin, Depth::Outer),
            apache::parse(&text, &origin),
            haproxy::parse(&text, &origin, Depth::Outer),
            caddy::parse(&text, &origin, Depth::Outer),
            caddy::parse(&text, &origin, Depth::Nested),
            lines::parse(&text, &origin, Depth::Outer),
        ] {
            prop_assert!(depth(&directives) <= DEEPEST + 1);
            let lines = text.lines().count();
            prop_assert!(every(&directives).iter().all(|one| (1..=lines.max(1)).contains(&one.line)));
        }
    }
}

fn depth(directives: &[super::Directive]) -> usize {
    directives.iter().map(|one| 1 + depth(&one.block)).max().unwrap_or(0)
}
