//! Netfilter over netlink: the generation of the ruleset, and the registered hooks.

use portreeve_wire::WireError;
use portreeve_wire::netfilter::{
    Generation, Hook, HookChain, HookType, NFNL_MSG_HOOK_GET, NFT_MSG_NEWGEN, dump_hooks, generation_request,
};
use portreeve_wire::netlink::RequestBuilder;

use crate::fixtures::{bytes, only};

pub(crate) const GENERATION: &str = include_str!("fixtures/nft_generation.hex");

#[test]
fn the_generation_of_the_ruleset_is_read() {
    let buffer = bytes(GENERATION);
    let generation = Generation::from_message(&only(&buffer)).unwrap();
    assert_eq!((generation.id, generation.process, &*generation.name), (2, Some(21_309), "python3"));

    let empty = [0; 4];
    assert_eq!(Generation::decode(&empty), Err(WireError::Missing { what: "NFTA_GEN_ID" }));
    let request = generation_request(9);
    assert_eq!((only(&request).header.kind, only(&request).payload), (NFT_MSG_NEWGEN + 1, &[0; 4][..]));
}

/// As `nfnl_hook_dump_one` writes it; the machine this was written on has no such subsystem to record from.
fn hook(fill: impl FnOnce(&mut RequestBuilder)) -> Vec<u8> {
    let mut builder = RequestBuilder::new(NFNL_MSG_HOOK_GET, 0, 0);
    builder.body(&[2, 0, 0, 0]);
    builder.attribute(1, &3_u32.to_be_bytes()).attribute(2, &(-200_i32).to_be_bytes());
    fill(&mut builder);
    builder.finish().unwrap()
}

#[test]
fn a_function_of_the_kernel_is_read() {
    let buffer = hook(|hook| {
        hook.attribute(4, b"ipv4_conntrack_local\0").attribute(5, b"nf_conntrack\0");
    });
    let found = Hook::from_message(&only(&buffer)).unwrap();
    assert_eq!((found.family, found.hook, found.priority), (2, 3, -200));
    assert_eq!(
        (found.function.as_deref(), found.module.as_deref()),
        (Some("ipv4_conntrack_local"), Some("nf_conntrack"))
    );
    assert_eq!((found.kind, found.chain, found.program), (None, None, None));
}

#[test]
fn a_base_chain_is_read_in_either_order_of_type_and_description() {
    let chain = |info: &mut RequestBuilder| {
        info.nested(1, |chain| {
            chain.attribute(1, b"filter\0").attribute(3, b"input\0").attribute(2, &[1]);
        });
    };
    let kind = |info: &mut RequestBuilder| {
        info.attribute(2, &1_u32.to_be_bytes());
    };
    for type_first in [true, false] {
        let buffer = hook(|hook| {
            hook.nested(6, |info| {
                if type_first {
                    kind(info);
                    chain(info);
                } else {
                    chain(info);
                    kind(info);
                }
            });
        });
        let found = Hook::from_message(&only(&buffer)).unwrap();
        assert_eq!(found.kind, Some(HookType::NfTables));
        let expected = HookChain { family: 1, table: "filter".into(), name: "input".into() };
        assert_eq!(found.chain, Some(expected));
    }
}

#[test]
fn a_bpf_program_is_read() {
    let buffer = hook(|hook| {
        hook.nested(6, |info| {
            info.attribute(2, &2_u32.to_be_bytes());
            info.nested(1, |program| {
                program.attribute(1, &9_u32.to_be_bytes());
            });
        });
    });
    let found = Hook::from_message(&only(&buffer)).unwrap();
    assert_eq!((found.kind, found.program), (Some(HookType::Bpf), Some(9)));
}

#[test]
fn requests_name_the_hook_and_the_interface() {
    let request = dump_hooks(5, 0, Some("eth0"), 1).unwrap();
    let payload = only(&request).payload;
    assert_eq!(payload[..12], [5, 0, 0, 0, 8, 0, 1, 0, 0, 0, 0, 0]);
    assert_eq!(payload[12..], [9, 0, 3, 0, b'e', b't', b'h', b'0', 0, 0, 0, 0]);
}
