//! libFuzzer's entry to [`portreeve_fuzz::netfilter_packets`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::netfilter_packets::run(data));
