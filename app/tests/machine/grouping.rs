//! "Which process has the most `TIME_WAIT`, which leaks `CLOSE_WAIT`?"

use crate::program::{actor, document, list, one_host};

#[test]
fn leftovers_and_leaks_are_counted_with_their_process() {
    let (_lab, host) = one_host("group-by");
    let _other = actor(&host, "tcp-listen 127.0.0.1:7000");
    // The server closes first, so that the leftovers are on its port; it goes on listening there.
    let _server = actor(&host, "time-wait 127.0.0.1:7001 --side server --keep-listener --count 9");
    let _leak = actor(&host, "close-wait 127.0.0.1:7002 --count 7");
    let groups = document(&host, "sockets -ta --group-by state,process,local-port");
    let count = |state: &str, port: &str| {
        let wanted = |group: &&serde_json::Value| {
            let key: Vec<&str> = list(group, "key").iter().map(|part| part.as_str().unwrap()).collect();
            key[0] == state && key[1].contains("portreeve-actor") && key[2].ends_with(port)
        };
        let found = list(&groups, "groups").iter().find(wanted);
        let found = found.unwrap_or_else(|| panic!("no {state} on {port} in {groups:#}"));
        (found["count"].as_u64().unwrap(), found.get("inferred").and_then(serde_json::Value::as_u64))
    };
    assert_eq!(count("TIME-WAIT", "7001"), (9, Some(9)), "whose they are is an inference");
    assert_eq!(count("CLOSE-WAIT", "7002"), (7, None), "a leak has its holder");
}

#[test]
fn the_most_stand_first() {
    let (_lab, host) = one_host("group-order");
    let _some = actor(&host, "close-wait 127.0.0.1:7001 --count 3");
    let _most = actor(&host, "time-wait 127.0.0.1:7002 --keep-listener --count 40");
    let groups = document(&host, "sockets -ta --group-by state,process");
    let counts: Vec<u64> =
        list(&groups, "groups").iter().map(|group| group["count"].as_u64().unwrap()).collect();
    assert!(counts.is_sorted_by(|one, next| one >= next), "{counts:?}");
    assert_eq!(counts[0], 40);
    assert_eq!(groups["groups"][0]["key"][0], "TIME-WAIT");
}
