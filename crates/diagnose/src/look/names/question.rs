//! Questions and answers as bytes: what is asked, and what an answer says.

use std::net::IpAddr;

use hickory_proto::op::{Edns, Message, Query};
use hickory_proto::rr::{Name, RData, RecordType as WireType};

use crate::facts::{RecordType, Response};

/// Labels have at most 63 bytes, names at most 253 as they are written (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 253;
/// Aliases are followed so far; resolvers stop earlier.
const MOST_ALIASES: usize = 16;

/// Why no name server can be asked for a name.
pub(super) fn trouble(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.len() > LONGEST_NAME {
        return Some(format!("it has {} bytes of at most {LONGEST_NAME}", name.len()));
    }
    name.split('.').find_map(|label| match label.len() {
        0 => Some("two dots stand next to each other, or one at its beginning".to_owned()),
        length if length > LONGEST_LABEL => {
            let start: String = label.chars().take(12).collect();
            Some(format!("its label `{start}...` has {length} bytes of at most {LONGEST_LABEL}"))
        }
        _ => None,
    })
}

/// Whether a server is to say what it has although signatures are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checking {
    Usual,
    Disabled,
}

/// A question, or why it cannot be put.
pub(super) fn question(name: &str, record: RecordType, checking: Checking) -> Result<Message, String> {
    let mut asked = Name::from_ascii(name).map_err(|error| error.to_string())?;
    asked.set_fqdn(true);
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(asked, wire(record)));
    if checking == Checking::Disabled {
        message.metadata.checking_disabled = true;
        let mut edns = Edns::new();
        edns.set_max_payload(1232);
        message.set_edns(edns);
    }
    Ok(message)
}

/// What an answer says.
pub(super) fn response(asked: &Message, answer: &Message) -> Response {
    let mut response = Response {
        code: u16::from(answer.metadata.response_code),
        truncated: answer.metadata.truncation,
        ttl: answer.answers.iter().map(|record| record.ttl).min(),
        ..Response::default()
    };
    let Some(query) = asked.queries.first() else { return response };
    let mut name = query.name.clone();
    loop {
        for record in answer.answers.iter().filter(|record| record.name.eq_ignore_root(&name)) {
            match &record.data {
                RData::A(address) => response.addresses.push(IpAddr::V4(address.0)),
                RData::AAAA(address) => response.addresses.push(IpAddr::V6(address.0)),
                _ => {}
            }
        }
        let alias = answer.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(alias) if record.name.eq_ignore_root(&name) => Some(alias.0.clone()),
            _ => None,
        });
        let Some(next) = alias else { break };
        let shown = shown(&next);
        if response.aliases.contains(&shown) || next.eq_ignore_root(&query.name) {
            response.alias_loop = true;
            break;
        }
        response.aliases.push(shown);
        if response.aliases.len() > MOST_ALIASES {
            break;
        }
        name = next;
    }
    response
}

fn shown(name: &Name) -> String {
    let text = name.to_lowercase().to_ascii();
    text.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(&text).to_owned()
}

fn wire(record: RecordType) -> WireType {
    match record {
        RecordType::A => WireType::A,
        RecordType::Aaaa => WireType::AAAA,
    }
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::ResponseCode;
    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::{A, CNAME};
    use portreeve_tls::dns::answers;

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn alias(from: &str, to: &str) -> Record {
        Record::from_rdata(name(from), 60, RData::CNAME(CNAME(name(to))))
    }

    #[test]
    fn labels_and_names_have_a_longest() {
        assert!(trouble("example.com.").is_none());
        assert!(trouble("a..example").is_some_and(|text| text.contains("two dots")));
        assert!(
            trouble(&format!("{}.example", "a".repeat(64))).is_some_and(|text| text.contains("64 bytes"))
        );
        assert!(trouble(&format!("{}.example", "a".repeat(63))).is_none());
        assert!(trouble(&"a.".repeat(140)).is_some_and(|text| text.contains("279")));
    }

    #[test]
    fn aliases_are_followed_in_order_to_the_addresses() {
        let asked = question("www.shop.example", RecordType::A, Checking::Usual).unwrap();
        let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
        answer.add_answer(Record::from_rdata(name("b.example."), 30, RData::A(A::new(192, 0, 2, 7))));
        answer.add_answer(alias("a.example.", "B.example."));
        answer.add_answer(alias("www.shop.example.", "a.example."));
        answer.add_answer(Record::from_rdata(name("unasked.example."), 5, RData::A(A::new(192, 0, 2, 8))));
        let read = response(&asked, &answer);
        assert_eq!(read.aliases, ["a.example", "b.example"]);
        assert_eq!(read.addresses, ["192.0.2.7".parse::<IpAddr>().unwrap()]);
        assert!(!read.alias_loop);
        assert!(answers(&asked, &answer));
    }

    #[test]
    fn a_loop_of_aliases_ends() {
        let asked = question("a.example", RecordType::A, Checking::Usual).unwrap();
        let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
        answer.add_answer(alias("a.example.", "b.example."));
        answer.add_answer(alias("b.example.", "a.example."));
        assert!(response(&asked, &answer).alias_loop);
    }

    #[test]
    fn an_answer_to_another_question_is_none() {
        let asked = question("a.example", RecordType::A, Checking::Usual).unwrap();
        let other = question("b.example", RecordType::A, Checking::Usual).unwrap();
        let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
        answer.queries = other.queries;
        assert!(!answers(&asked, &answer));
        answer.queries.clear();
        answer.metadata.response_code = ResponseCode::Refused;
        assert!(answers(&asked, &answer));
        assert_eq!(response(&asked, &answer).code, 5);
        assert!(!answers(&asked, &asked));
    }
}
