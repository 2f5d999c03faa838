//! The document: well-formed, complete, harmless, the same each time.

use roxmltree::Document;

use super::super::{Picture, svg};
use super::scenes::{ZONES, crowd, hostile, town};
use portreeve_model::exposure::Exposure;
use portreeve_model::reach::Chain;

fn drawn((exposures, chains): &(Vec<Exposure>, Vec<Chain>), notes: &[String]) -> String {
    svg(&Picture { host: Some("web1"), exposures, chains, notes })
}

/// Every text that is seen, tooltips and descriptions left out.
fn seen(document: &Document<'_>) -> Vec<String> {
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts
        .map(|node| node.children().filter(roxmltree::Node::is_text).filter_map(|text| text.text()).collect())
        .collect()
}

#[test]
fn zones_ports_holders_and_rules_are_in_it() {
    let text = drawn(&town(), &[]);
    let document = Document::parse(&text).unwrap();
    let seen = seen(&document);
    let has = |wanted: &str| seen.iter().any(|text| text == wanted);
    for zone in ZONES {
        assert!(has(zone), "{zone}");
    }
    for wanted in [
        "tcp 80",
        "tcp 443",
        "tcp 5432",
        "tcp 22",
        "tcp 6379",
        "tcp 8080",
        "172.17.0.2:80",
        "nginx",
        "postgres",
    ] {
        assert!(has(wanted), "{wanted}");
    }
    for wanted in
        ["allow", "deny", "depends", "prerouting", "input", "forward", "the host itself", "ip filter INPUT"]
    {
        assert!(has(wanted), "{wanted}");
    }
    assert_eq!(seen.iter().filter(|text| *text == "impossible sources").count(), 1);
    // IPv4 and IPv6 apart where they differ, together where they do not.
    for wanted in ["IPv4", "IPv6", "IPv4+6"] {
        assert!(has(wanted), "{wanted}");
    }
    let description = document.descendants().find(|node| node.has_tag_name("desc")).unwrap().text().unwrap();
    assert!(description.contains("Ports: tcp 80 nginx; tcp 443 nginx."), "{description}");
    assert!(description.contains("-A DOCKER -d 172.17.0.2/32"), "{description}");
    assert!(description.contains("part of private (10.20.0.0/16 · by eth0): allow"), "{description}");
}

#[test]
fn every_door_of_two_hundred_is_in_it() {
    let scene = crowd(200);
    let text = drawn(&scene, &[]);
    let document = Document::parse(&text).unwrap();
    let seen = seen(&document);
    for exposure in &scene.0 {
        let wanted = format!("{} {}", exposure.door.protocol, exposure.door.port);
        assert!(seen.contains(&wanted), "{wanted}");
    }
}

#[test]
fn runs_of_ports_are_one_row() {
    let (mut exposures, chains) = crowd(60);
    let like = exposures[0].clone();
    for exposure in &mut exposures {
        let port = exposure.door.port;
        *exposure = like.clone();
        exposure.door.port = port;
    }
    let text = drawn(&(exposures, chains), &[]);
    assert!(text.contains("udp 3000–3059"), "{text}");
}

#[test]
fn hostile_names_stay_text() {
    let text = drawn(&hostile(), &["a \u{1} note <b>".to_owned()]);
    let document = Document::parse(&text).unwrap();
    let known = ["svg", "title", "desc", "style", "rect", "g", "text", "path", "circle"];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(known.contains(&node.tag_name().name()), "{:?}", node.tag_name());
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on") && attribute.name() != "href", "{attribute:?}");
        }
    }
    for harmful in ['\u{202e}', '\u{0}', '\u{1b}', '\u{1}', '\u{fffe}', '\u{ffff}'] {
        assert!(!text.contains(harmful), "{harmful:?}");
    }
    // What is cut is whole in the tooltip.
    assert!(document.descendants().any(|node| {
        node.has_tag_name("title")
            && node.text().is_some_and(|text| text.len() > 4000 && text.contains("tcp dport 22"))
    }));
}

#[test]
fn nothing_outside_the_file_is_referred_to() {
    let text = drawn(&town(), &[]);
    assert!(!text.contains("url(") && !text.contains("@import") && !text.contains("<script"));
    let addresses: Vec<_> = text.match_indices("http").map(|(at, _)| &text[at..at + 26]).collect();
    assert_eq!(addresses, ["http://www.w3.org/2000/svg"]);
}

#[test]
fn the_same_again() {
    assert_eq!(drawn(&crowd(30), &[]), drawn(&crowd(30), &[]));
    insta::assert_snapshot!("town", drawn(&town(), &["The table inet filter could not be read.".to_owned()]));
}
