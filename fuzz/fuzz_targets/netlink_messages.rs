//! libFuzzer's entry to [`portreeve_fuzz::netlink_messages`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::netlink_messages::run(data));
