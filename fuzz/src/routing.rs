//! Routes, policy rules, nexthop objects, neighbours, traffic control, hooks and generations.

use portreeve_wire::netfilter::{Generation, Hook};
use portreeve_wire::netlink::Messages;
use portreeve_wire::route::{Neighbour, NexthopObject, Route, Rule, TrafficObject};

/// Reads `data` as a received buffer and as one message's payload.
pub fn run(data: &[u8]) {
    for message in Messages::new(data).flatten() {
        payload(message.payload);
    }
    payload(data);
}

fn payload(bytes: &[u8]) {
    if let Ok(route) = Route::decode(bytes) {
        // Each way takes 8 bytes at least.
        assert!(route.multipath.len() * 8 <= bytes.len(), "ways do not come from nowhere");
    }
    if let Ok(rule) = Rule::decode(bytes) {
        let names = rule.iif.iter().chain(&rule.oif);
        assert!(names.into_iter().all(|name| !name.contains('\0')), "a name ends at its NUL");
    }
    if let Ok(object) = NexthopObject::decode(bytes) {
        assert!(object.group.iter().all(|(_, weight)| *weight > 0), "a weight is told less one");
    }
    let _traffic = (Neighbour::decode(bytes), TrafficObject::decode(bytes));
    if let Ok(hook) = Hook::decode(bytes) {
        assert!(hook.chain.is_none() || hook.kind.is_some(), "a description is understood by its type");
    }
    if let Ok(generation) = Generation::decode(bytes) {
        assert!(!generation.name.contains('\0'), "a name ends at its NUL");
    }
}
